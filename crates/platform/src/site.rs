//! A component that only answers requests: no state and no events of its own.

use crate::http::{Request, Response};
use crate::problem::Problem;
use crate::rest::cors;

const ALLOW: &str = "GET, HEAD, OPTIONS";

/// What such a component answers.
pub trait Site {
    /// Whether pages of other origins may read it: those of the variable `cors_origins`.
    const SHARED: bool = true;

    /// The answer to a GET; none where there is nothing at its path.
    fn get(request: &Request) -> Option<Response>;

    /// The answer to a POST; none where nothing is posted to its path.
    fn post(_: &Request) -> Option<Response> {
        None
    }
}

/// Answers a request. `origins` are those of the variable `cors_origins`.
pub(crate) fn serve<S: Site>(request: &Request, origins: impl Fn() -> Option<String>) -> Response {
    let Request { method, path, .. } = request;
    let posted = (method == "POST").then(|| S::post(request)).flatten();
    let mut response = posted.unwrap_or_else(|| {
        let refuse = |status, detail| Problem::new(status, detail).response(path, "");
        match (method.as_str(), S::get(request)) {
            (_, None) => refuse(404, format!("there is nothing at {path}")),
            ("GET" | "HEAD", Some(response)) => response,
            ("OPTIONS", Some(_)) => Response::empty(204).with("allow", ALLOW),
            (method, Some(_)) => {
                let detail = format!("{method} is not possible here; {ALLOW} are");
                refuse(405, detail).with("allow", ALLOW)
            }
        }
    });
    if S::SHARED {
        response = cors::apply(origins, request, Some(ALLOW), response);
    }
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

        fn post(request: &Request) -> Option<Response> {
            (request.path == "/hello/you").then(|| Response::empty(303))
        }
    }

    struct Own;

    impl Site for Own {
        const SHARED: bool = false;

        fn get(request: &Request) -> Option<Response> {
            Hello::get(request)
        }
    }

    fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        ask_of::<Hello>(method, path, headers)
    }

    fn ask_of<S: Site>(method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers.collect(),
            ..Request::default()
        };
        serve::<S>(&request, || Some("http://a.example".to_owned()))
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
        let own = ask_of::<Own>("GET", "/hello", &[("origin", "http://a.example")]);
        assert_eq!(header(&own, "access-control-allow-origin"), None);
    }

    #[test]
    fn what_may_be_posted_says_so() {
        assert_eq!(ask("POST", "/hello/you", &[]).status, 303);
        assert_eq!(ask("GET", "/hello/you", &[]).status, 404);
    }
}
