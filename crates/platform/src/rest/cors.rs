//! Cross-origin requests (Fetch standard), with the origins of the variable `cors_origins`.

use crate::http::{Request, Response};

/// The variable that lists the origins; every one without it.
pub(crate) const ORIGINS: &str = "cors_origins";

/// Headers that a page's script may send.
const ALLOWED: &str = "content-type, if-match, if-none-match, idempotency-key, traceparent, \
                       x-correlation-id, x-request-deadline";
/// Headers that a page's script may read.
const EXPOSED: &str = "etag, location, madang-lag, ratelimit, ratelimit-policy, retry-after, \
                       x-correlation-id";

/// The origin to name in the answer: `*`, or the request's own where it is listed.
fn allowed(listed: Option<String>, origin: &str) -> Option<String> {
    let listed = listed.unwrap_or_else(|| "*".to_owned());
    let mut origins = listed.split(',').map(str::trim);
    if listed.trim() == "*" {
        Some("*".to_owned())
    } else {
        origins.find(|listed| *listed == origin).map(str::to_owned)
    }
}

/// Adds to an answer what a browser asks for. Without an `Origin` there is nothing to add.
pub(crate) fn apply(
    origins: impl Fn() -> Option<String>,
    request: &Request,
    allow: Option<&str>,
    response: Response,
) -> Response {
    let Some(origin) = request.header("origin") else { return response };
    let Some(named) = allowed(origins(), origin) else { return response.with("vary", "origin") };
    let mut response = response.with("access-control-expose-headers", EXPOSED);
    if named != "*" {
        response = response.with("vary", "origin");
    }
    if let Some(methods) = allow
        && request.header("access-control-request-method").is_some()
    {
        response = response
            .with("access-control-allow-methods", methods)
            .with("access-control-allow-headers", ALLOWED)
            .with("access-control-max-age", "3600");
    }
    response.with("access-control-allow-origin", named)
}
