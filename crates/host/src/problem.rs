//! The host's own error answers: RFC 9457, without a word about the inside.

use crate::guest::{call::full, failure::Failure};
use http::{HeaderValue, Response, StatusCode, header};
use wasmtime_wasi_http::WasiBody;

/// Seconds after which a client may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// A problem of this status, about no path in particular.
pub fn answer(status: StatusCode, detail: &str) -> Response<WasiBody> {
    build(status, detail, None)
}

/// A problem of this status with the request for `path`.
pub fn at(path: &str, status: StatusCode, detail: &str) -> Response<WasiBody> {
    build(status, detail, Some(path))
}

/// The text of such an answer.
pub fn document(status: StatusCode, detail: &str, path: Option<&str>) -> String {
    let mut body = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
        "message": detail,
    });
    if let Some(path) = path {
        body["instance"] = path.into();
    }
    body.to_string()
}

fn build(status: StatusCode, detail: &str, path: Option<&str>) -> Response<WasiBody> {
    let mut response = Response::new(full(document(status, detail, path)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// What a client who asked for `path` learns of a component's failure; the log has the rest.
pub fn failure(path: &str, failure: &Failure) -> Response<WasiBody> {
    let (status, detail) = match failure {
        Failure::Down => (StatusCode::SERVICE_UNAVAILABLE, "The service is down."),
        Failure::Full => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The service has as many requests at work and waiting as it takes.",
        ),
        Failure::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The service is busy: the request has waited in vain, and was not begun.",
        ),
        Failure::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "The service did not answer in time."),
        Failure::Trap(_) | Failure::Refused | Failure::Killed => {
            (StatusCode::INTERNAL_SERVER_ERROR, "The service failed.")
        }
    };
    let mut answer = at(path, status, detail);
    answer.extensions_mut().insert(failure.told());
    answer
}
