//! What the command lines of the seed documents send: httpie's, siege's, and requests written out as Postman
//! shows them.

use serde_json::{Map, Value};
use std::fmt;

/// The methods of the requests.
pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What a command line sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// `POST`.
    pub method: String,
    /// From the slash after the address on.
    pub path: String,
    /// The body, where there is one.
    pub body: Option<Value>,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        self.body.iter().try_for_each(|body| write!(f, " {body}"))
    }
}

/// What a command line of a seed document sends.
///
/// # Errors
/// When it is none.
pub fn asked(line: &str) -> Result<Asked, String> {
    // What the documents say behind a command: `#Success`.
    let command = line.split(" #").next().unwrap_or_default().trim();
    let (tool, rest) = command.split_once(' ').unwrap_or((command, ""));
    let asked = match tool {
        "http" => httpie(rest),
        "siege" => rest.split('\'').nth(1).and_then(siege),
        method => written_out(method, rest),
    };
    asked.ok_or_else(|| format!("`{line}` is no command of httpie's or siege's, and no request"))
}

/// `POST localhost:8081/books title=title01 status=true`: `=` gives a text, `:=` gives JSON.
fn httpie(command: &str) -> Option<Asked> {
    let mut words = command.split_whitespace();
    let method = words.next()?;
    let path = path(words.next()?);
    let mut body = Map::new();
    for word in words {
        let (name, value) = word.split_once('=')?;
        match name.strip_suffix(':') {
            Some(name) => body.insert(name.to_owned(), serde_json::from_str(value).ok()?),
            None => body.insert(name.to_owned(), value.into()),
        };
    }
    let body = (!body.is_empty()).then_some(Value::Object(body));
    known(method, path, body)
}

/// `http://rent:8080/rents POST {"bookId":1}`, what siege takes as one argument.
fn siege(argument: &str) -> Option<Asked> {
    let (url, rest) = argument.split_once(' ').unwrap_or((argument, "GET"));
    let (method, body) = rest.split_once(' ').unwrap_or((rest, ""));
    known(method, path(url), json(body)?)
}

/// `POST http://localhost:8080/user/date {"userName":"Lee"}`.
fn written_out(method: &str, rest: &str) -> Option<Asked> {
    let (url, body) = rest.split_once(' ').unwrap_or((rest, ""));
    known(method, path(url), json(body)?)
}

fn known(method: &str, path: &str, body: Option<Value>) -> Option<Asked> {
    let is_known = METHODS.contains(&method) && path.starts_with('/');
    is_known.then(|| Asked { method: method.to_owned(), path: path.to_owned(), body })
}

fn json(body: &str) -> Option<Option<Value>> {
    let body = body.trim();
    if body.is_empty() { Some(None) } else { serde_json::from_str(body).ok().map(Some) }
}

/// The path of a URL that may have no scheme.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |slash| &rest[slash..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn httpie_sends_texts_and_what_is_said_to_be_json() {
        let sent =
            asked("http POST http://a.example:8080/books title=국어 count:=2 on:=true #Success");
        let body = json!({"title": "국어", "count": 2, "on": true});
        let expected = Asked { method: "POST".into(), path: "/books".into(), body: Some(body) };
        assert_eq!(sent, Ok(expected));
        let sent = asked("http GET localhost:8084/views/1").unwrap();
        assert_eq!(
            (sent.method.as_str(), sent.path.as_str(), sent.body),
            ("GET", "/views/1", None)
        );
    }

    #[test]
    fn siege_sends_what_is_between_quotes() {
        let line = r#"siege -c2 –t20S  -v --content-type "application/json" 'http://e:8080/es/3 PATCH {"score":"80"}'"#;
        let expected = Asked {
            method: "PATCH".into(),
            path: "/es/3".into(),
            body: Some(json!({"score": "80"})),
        };
        assert_eq!(asked(line), Ok(expected));
        let line =
            r#"siege -v c1 -t180S --content-type "application/json" 'http://user:8080/users'"#;
        assert_eq!(asked(line).unwrap().to_string(), "GET /users");
    }

    #[test]
    fn a_request_is_written_out() {
        let sent =
            asked(r#"POST http://localhost:8080/user/date {"userName": "Jieun Lee"}  #Fail"#);
        assert_eq!(sent.unwrap().to_string(), r#"POST /user/date {"userName":"Jieun Lee"}"#);
    }

    #[test]
    fn what_is_none_of_these_is_an_error() {
        let none = [
            "kubectl get all",
            "http POST localhost",
            "http SEND h/x",
            "http GET h/x word",
            "siege -c2 http://h/x",
            "POST http://h/x {",
            "siege 'http://h/x POST {'",
            "http",
        ];
        for line in none {
            let error = asked(line).expect_err(line);
            assert!(error.starts_with(&format!("`{line}` is no command")), "{error}");
        }
    }
}
