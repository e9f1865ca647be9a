//! Personal data where it has no place: in what is kept and logged of every request.

use percent_encoding::percent_decode_str;

use crate::context::Definition;
use crate::http::{Request, Response};
use crate::problem::Problem;

/// Headers that are kept with what a request changes.
const KEPT: [&str; 4] = ["idempotency-key", "x-correlation-id", "traceparent", "tracestate"];

/// Whether a text holds something of this shape, in which `#` is any digit, as a word of its own: no letter
/// and no digit stands before or after it.
///
/// `holds_shape("of 890309-2123456", "######-#######")`
pub fn holds_shape(text: &str, shape: &str) -> bool {
    let (text, shape) = (text.as_bytes(), shape.as_bytes());
    let is_word = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    text.windows(shape.len()).enumerate().any(|(at, window)| {
        let fits = |(byte, like): (&u8, &u8)| match like {
            b'#' => byte.is_ascii_digit(),
            _ => byte == like,
        };
        window.iter().zip(shape).all(fits)
            && !is_word(at.checked_sub(1).and_then(|before| text.get(before)))
            && !is_word(text.get(at + shape.len()))
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_found_where_it_is_a_word_of_its_own() {
        let holds = |text| holds_shape(text, "######-#######");
        for text in
            ["890309-2123456", "of 890309-2123456.", "번호890309-2123456번", "1-890309-2123456-1"]
        {
            assert!(holds(text), "{text}");
        }
        for text in [
            "1890309-2123456",
            "890309-21234567",
            "a890309-2123456",
            "8903092123456",
            "1795275005123",
            "",
        ] {
            assert!(!holds(text), "{text}");
        }
    }
}
