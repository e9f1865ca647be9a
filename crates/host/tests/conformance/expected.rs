//! Whether what came is what a case says.

use crate::case::{Exchange, Mark};
use madang_testing::{Answer, Backend};

impl Mark {
    /// What is wrong with an outcome on a host, if anything is: it is not as the case says and not
    /// marked, or it is marked and as the case says.
    pub fn judge(&self, backend: Backend, outcome: Result<(), String>) -> Result<(), String> {
        let (mark, reason) = match backend {
            Backend::Madang => ("fault", &self.fault),
            Backend::Spin => ("differs", &self.differs),
        };
        match (outcome, reason) {
            (Ok(()), Some(reason)) => {
                Err(format!("it is as expected: take away `{mark} = {reason:?}`"))
            }
            (Err(_), Some(_)) => Ok(()),
            (outcome, None) => outcome,
        }
    }
}

/// Compares an answer with what is expected, after `known` has put places into the latter.
pub fn compare(
    expected: &Exchange,
    answer: &Answer,
    known: impl Fn(&str) -> String,
) -> Result<(), String> {
    let body = expected.answer.as_ref().map(|text| known(text.trim_end()));
    let headers = expected.answer_headers.iter();
    let same_headers = headers.into_iter().all(|(name, value)| match value.as_str() {
        "" => !answer.headers.contains_key(name),
        value => answer.header(name) == Some(&known(value)),
    });
    let came = String::from_utf8_lossy(&answer.body);
    let same_body = body.as_ref().is_none_or(|body| lines(body).eq(lines(&came)));
    if answer.status == expected.status && same_headers && same_body {
        return Ok(());
    }
    let body = body.unwrap_or("(any)".to_owned());
    let headers = &expected.answer_headers;
    Err(format!("expected {} {headers:?}\n{body}\ncame {answer}", expected.status))
}

/// The lines of a text without the blanks at their ends, which editors take away.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_end)
}
