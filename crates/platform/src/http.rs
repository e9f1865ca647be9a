//! A request and an answer, as the edge sees them: whole in memory, and the same natively and in a component.

use serde_json::Value;

use crate::problem::Problem;

/// The most that a body may hold, in bytes (`spec/README.md`: 1 MiB).
pub const MAX_BODY: usize = 1 << 20;

/// A request that has arrived whole.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// In capitals, as sent.
    pub method: String,
    /// `http` or `https`, of the connection to the host.
    pub scheme: String,
    /// The path without the query.
    pub path: String,
    /// The query's pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`MAX_BODY`] and one byte, so that a longer one shows.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The address that the client used, without a path: `X-Forwarded-*` before `Host`.
    pub fn origin(&self) -> String {
        let first = |name| self.header(name).and_then(|v| v.split(',').next()).map(str::trim);
        let scheme = first("x-forwarded-proto").unwrap_or(&self.scheme);
        let host = first("x-forwarded-host").or(first("host")).unwrap_or("localhost");
        match first("x-forwarded-port") {
            Some(port) if !host.contains(':') && !is_default(scheme, port) => {
                format!("{scheme}://{host}:{port}")
            }
            _ => format!("{scheme}://{host}"),
        }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 415 for a body that does not say it is JSON, 413 for one over [`MAX_BODY`], 400 for bad UTF-8
    /// and bad JSON.
    pub fn json(&self) -> Result<Value, Problem> {
        let sent = self.header("content-type").unwrap_or_default();
        let media = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_json = media == "application/json"
            || (media.starts_with("application/") && media.ends_with("+json"));
        if !is_json {
            return Err(Problem::new(415, "the body must be application/json"));
        }
        if self.body.len() > MAX_BODY {
            return Err(Problem::new(413, format!("the body is over {MAX_BODY} bytes")));
        }
        let text = std::str::from_utf8(&self.body)
            .map_err(|error| Problem::new(400, format!("the body is not UTF-8: {error}")))?;
        serde_json::from_str(text)
            .map_err(|error| Problem::new(400, format!("the body is not JSON: {error}")))
    }
}

fn is_default(scheme: &str, port: &str) -> bool {
    matches!((scheme, port), ("http", "80") | ("https", "443"))
}

/// Decodes the pairs of a query (`application/x-www-form-urlencoded`).
pub fn parse_query(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Response { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An answer with a JSON body of this media type.
    pub fn json(status: u16, media_type: &str, value: &Value) -> Self {
        let mut response = Response::empty(status).with("content-type", media_type);
        response.body = value.to_string().into_bytes();
        response
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        Request {
            scheme: "http".into(),
            headers: headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect(),
            ..Request::default()
        }
    }

    #[test]
    fn the_origin_is_what_the_client_used() {
        assert_eq!(request(&[("host", "a:3000")]).origin(), "http://a:3000");
        let forwarded = [
            ("host", "a:3000"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "shop.example, inner"),
            ("x-forwarded-port", "443"),
        ];
        assert_eq!(request(&forwarded).origin(), "https://shop.example");
        let other_port = [("x-forwarded-host", "shop.example"), ("x-forwarded-port", "8080")];
        assert_eq!(request(&other_port).origin(), "http://shop.example:8080");
    }

    #[test]
    fn a_body_must_say_that_it_is_json_and_be_it() {
        let mut asked = request(&[("content-type", "text/plain")]);
        assert_eq!(asked.json().unwrap_err().status, 415);
        asked.headers[0].1 = "application/merge-patch+json; charset=utf-8".into();
        asked.body = b"{}".to_vec();
        assert_eq!(asked.json().unwrap(), serde_json::json!({}));
        asked.body = b"{".to_vec();
        assert_eq!(asked.json().unwrap_err().status, 400);
        asked.body = vec![b'"', 0xff, b'"'];
        assert_eq!(asked.json().unwrap_err().status, 400);
        asked.body = vec![b' '; MAX_BODY + 1];
        assert_eq!(asked.json().unwrap_err().status, 413);
    }
}
