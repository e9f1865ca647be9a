//! Personal data where it has no place: in what is kept and logged of every request.

use percent_encoding::percent_decode_str;

use crate::context::Definition;
use crate::http::{Request, Response};
use crate::problem::Problem;

/// Headers that are kept with what a request changes.
const KEPT: [&str; 4] = ["idempotency-key", "x-correlation-id", "traceparent", "tracestate"];

/// The refusal of a request whose address or kept headers hold personal data. It repeats nothing of them.
pub(super) fn refusal(definition: &Definition, request: &Request) -> Option<Response> {
    let path = percent_decode_str(&request.path).decode_utf8_lossy();
    let query = request.query.iter().flat_map(|(name, value)| [name, value]);
    let headers = request.headers.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
    let mut texts = query.chain(headers.map(|(_, value)| value)).map(String::as_str);
    let is_private = definition.is_private;
    if !is_private(&path) && !texts.any(is_private) {
        return None;
    }
    let detail = "personal data must not stand in the address or in headers: send it in the body";
    let place = format!("/{}", definition.system);
    Some(Problem::new(400, detail).response(&place, definition.context))
}
