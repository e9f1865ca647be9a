//! An HTTP client that treats every status as an answer.

use serde_json::Value;
use std::fmt;
use std::time::Duration;
use ureq::http::{HeaderMap, Method, Request};

/// How long one request may take, connecting and reading its body included. Longer than any limit
/// of the platform, so that it is the platform's answer that a test sees.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A client of one server. Connections are kept alive and shared between clones and threads.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A client for paths under `base`, like `http://127.0.0.1:3000`.
    pub fn new(base: impl Into<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(512)
            .max_idle_connections_per_host(512)
            .timeout_global(Some(TIMEOUT))
            .allow_non_standard_methods(true)
            .proxy(None)
            .build();
        Self { agent: config.into(), base: base.into(), headers: Vec::new() }
    }

    /// The same client, sending one header more (or another value of it) with each request.
    pub fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        client.headers.push((name.to_owned(), value.into()));
        client
    }

    /// `GET`. Like all of these, it takes a path under the base, or a whole URL as found in links.
    ///
    /// # Panics
    /// Like all of these: when there is no answer at all. [`Client::send`] gives that as an error.
    #[must_use = "the answer may be an error"]
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.expect_answer("GET", path, None)
    }

    /// `HEAD`.
    #[must_use = "the answer may be an error"]
    #[track_caller]
    pub fn head(&self, path: &str) -> Answer {
        self.expect_answer("HEAD", path, None)
    }

    /// `OPTIONS`.
    #[must_use = "the answer may be an error"]
    #[track_caller]
    pub fn options(&self, path: &str) -> Answer {
        self.expect_answer("OPTIONS", path, None)
    }

    /// `DELETE`.
    #[must_use = "the answer may be an error"]
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.expect_answer("DELETE", path, None)
    }

    /// `POST`.
    #[must_use = "the answer may be an error"]
    #[track_caller]
    pub fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.expect_answer("POST", path, Some(body.into()))
    }

    /// `PUT`.
    #[must_use = "the answer may be an error"]
    #[track_caller]
    pub fn put(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.expect_answer("PUT", path, Some(body.into()))
    }

    /// `PATCH`.
    #[must_use = "the answer may be an error"]
    #[track_caller]
    pub fn patch(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.expect_answer("PATCH", path, Some(body.into()))
    }

    #[track_caller]
    fn expect_answer(&self, method: &str, path: &str, body: Option<Body>) -> Answer {
        self.send(method, path, body).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Any method, with or without a body. A body is sent as `application/json` unless
    /// [`Client::with`] has set another `content-type`.
    ///
    /// # Errors
    /// What was asked and why there is no answer: refused, reset, timed out, not HTTP.
    pub fn send(&self, method: &str, path: &str, body: Option<Body>) -> Result<Answer, String> {
        let url =
            if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        let asked = format!("{method} {url}");
        self.exchange(method, &url, body)
            .map(|(status, headers, body)| Answer { status, headers, body, asked: asked.clone() })
            .map_err(|error| format!("{asked}: {error}"))
    }

    fn exchange(
        &self,
        method: &str,
        url: &str,
        body: Option<Body>,
    ) -> Result<(u16, HeaderMap, Vec<u8>), ureq::Error> {
        let method = Method::from_bytes(method.as_bytes()).map_err(ureq::http::Error::from)?;
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = match body {
            None => self.agent.run(request.body(())?)?,
            Some(body) => {
                if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                    request = request.header("content-type", "application/json");
                }
                self.agent.run(request.body(body.0)?)?
            }
        };
        let body = response.body_mut().read_to_vec()?;
        let (head, _) = response.into_parts();
        Ok((head.status.as_u16(), head.headers, body))
    }
}

/// The body of a request: JSON, or bytes as they are (bad JSON, bad UTF-8, too much).
#[derive(Clone, Debug)]
pub struct Body(Vec<u8>);

impl From<Value> for Body {
    fn from(json: Value) -> Self {
        Self(json.to_string().into_bytes())
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// An answer, whatever its status. Displayed whole: request, status, headers, body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: HeaderMap,
    /// The body, read to its end.
    pub body: Vec<u8>,
    asked: String,
}

impl Answer {
    /// The answer itself when it has this status.
    ///
    /// # Panics
    /// With the whole answer when it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert!(self.status == status, "expected status {status}\n{self}");
        self
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `Location` header.
    ///
    /// # Panics
    /// With the whole answer when there is none.
    #[track_caller]
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no Location\n{self}"))
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// With the whole answer when it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("not JSON: {e}\n{self}"))
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{}\n{}", self.asked, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n{}", self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    /// Answers one request with `response`, and gives back what it was asked.
    fn serve_once(response: &'static str) -> (Client, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::new(format!("http://{}", listener.local_addr().unwrap()));
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut asked, mut length) = (String::new(), 0);
            loop {
                let begin = asked.len();
                reader.read_line(&mut asked).unwrap();
                let line = asked[begin..].trim().to_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            asked.push_str(&String::from_utf8_lossy(&body));
            reader.get_mut().write_all(response.as_bytes()).unwrap();
            asked
        });
        (client, server)
    }

    #[test]
    fn a_refusal_is_an_answer_and_headers_are_sent() {
        let (client, server) = serve_once(
            "HTTP/1.1 409 Conflict\r\nLocation: /books/1\r\ncontent-length: 8\r\n\r\n{\"id\":1}",
        );
        let answer = client
            .with("Idempotency-Key", "one")
            .with("idempotency-key", "two")
            .patch("/books/1", serde_json::json!({"status": false}))
            .expect(409);
        assert_eq!(answer.location(), "/books/1");
        assert_eq!(answer.json()["id"], 1);

        let asked = server.join().unwrap();
        assert!(asked.starts_with("PATCH /books/1 HTTP/1.1"), "{asked}");
        assert!(asked.to_lowercase().contains("content-type: application/json"), "{asked}");
        assert!(asked.to_lowercase().contains("idempotency-key: two"), "{asked}");
        assert!(!asked.contains("one"), "{asked}");
        assert!(asked.ends_with("{\"status\":false}"), "{asked}");
    }

    #[test]
    fn redirects_are_not_followed() {
        let (client, server) = serve_once(
            "HTTP/1.1 303 See Other\r\nLocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        );
        assert_eq!(client.get("/").expect(303).location(), "http://127.0.0.1:1/");
        server.join().unwrap();
    }

    #[test]
    fn an_unexpected_status_shows_the_whole_answer() {
        let (client, server) =
            serve_once("HTTP/1.1 500 Oops\r\nx-why: trap\r\ncontent-length: 4\r\n\r\nboom");
        let answer = client.get("/books");
        server.join().unwrap();
        let panic = std::panic::catch_unwind(move || answer.expect(200)).unwrap_err();
        let shown = panic.downcast_ref::<String>().unwrap();
        for part in ["expected status 200", "GET http", "/books", "500", "x-why: trap", "boom"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn no_answer_is_an_error_that_names_the_request() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = Client::new(format!("http://{address}")).send("GET", "/x", None).unwrap_err();
        assert!(error.starts_with(&format!("GET http://{address}/x: ")), "{error}");
    }
}
