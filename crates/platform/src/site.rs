//! A component that only answers requests: no state, no events, no neighbours.

use crate::http::{Request, Response};
use crate::problem::Problem;
use crate::rest::cors;

const ALLOW: &str = "GET, HEAD, OPTIONS";

/// What such a component answers.
pub trait Site {
    /// The answer to a GET; none where there is nothing at its path.
    fn get(request: &Request) -> Option<Response>;
}

/// Answers a request. `origins` are those of the variable `cors_origins`.
pub(crate) fn serve<S: Site>(request: &Request, origins: impl Fn() -> Option<String>) -> Response {
    let Request { method, path, .. } = request;
    let refuse = |status, detail| Problem::new(status, detail).response(path, "");
    let response = match (method.as_str(), S::get(request)) {
        (_, None) => refuse(404, format!("there is nothing at {path}")),
        ("GET" | "HEAD", Some(response)) => response,
        ("OPTIONS", Some(_)) => Response::empty(204).with("allow", ALLOW),
        (method, Some(_)) => {
            let detail = format!("{method} is not possible here; {ALLOW} are");
            refuse(405, detail).with("allow", ALLOW)
        }
    };
    let mut response = cors::apply(origins, request, Some(ALLOW), response);
    if method == "HEAD" {
        // Without the length that GET would have: hosts refuse one that the body does not keep.
        response.body.clear();
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Hello;

    impl Site for Hello {
        fn get(request: &Request) -> Option<Response> {
            let mut hello = Response::empty(200);
            hello.body = b"hello".to_vec();
            (request.path == "/hello").then_some(hello)
        }
    }

    fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers.collect(),
            ..Request::default()
        };
        serve::<Hello>(&request, || Some("http://a.example".to_owned()))
    }

    fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
        response.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn it_answers_what_is_there_and_refuses_what_is_not() {
        assert_eq!(ask("GET", "/hello", &[]).body, b"hello");
        let head = ask("HEAD", "/hello", &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        let refused = ask("POST", "/hello", &[]);
        assert_eq!((refused.status, header(&refused, "allow")), (405, Some(ALLOW)));
        assert_eq!(ask("OPTIONS", "/hello", &[]).status, 204);
        for method in ["GET", "POST", "OPTIONS"] {
            assert_eq!(ask(method, "/else", &[]).status, 404, "{method}");
        }
    }

    #[test]
    fn pages_of_the_listed_origins_may_read_it() {
        let named = |origin| {
            let answer = ask("GET", "/hello", &[("origin", origin)]);
            header(&answer, "access-control-allow-origin").map(str::to_owned)
        };
        assert_eq!(named("http://a.example").as_deref(), Some("http://a.example"));
        assert_eq!(named("http://b.example"), None);
    }
}
