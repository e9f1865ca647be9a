//! W3C trace context, as the header `traceparent` carries it.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// The header's name.
pub const HEADER: HeaderName = HeaderName::from_static("traceparent");
/// The length of version 00; later versions may be longer.
const LENGTH: usize = 55;
/// The flag that says that the span is recorded.
const SAMPLED: u8 = 1;

/// Where something is in which trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The trace, never 0.
    pub trace: u128,
    /// The span, never 0.
    pub span: u64,
    /// Whether the span is recorded.
    pub sampled: bool,
}

impl Context {
    /// The beginning of a trace; whether it is recorded is to be decided.
    pub fn root() -> Self {
        Self { trace: rand::random::<u128>().max(1), span: id(), sampled: false }
    }

    /// Another span of the same trace.
    pub fn child(self) -> Self {
        Self { span: id(), ..self }
    }

    /// Reads a header's value; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_one = bytes.len() >= LENGTH
            && text.is_ascii()
            && [2, 35, 52].iter().all(|dash| bytes[*dash] == b'-')
            && [0..2, 3..35, 36..52, 53..55].into_iter().all(|part| bytes[part].iter().all(hex))
            && match &text[..2] {
                "00" => bytes.len() == LENGTH,
                "ff" => false,
                _ => bytes.len() == LENGTH || bytes[LENGTH] == b'-',
            };
        if !is_one {
            return None;
        }
        let trace = u128::from_str_radix(&text[3..35], 16).ok()?;
        let span = u64::from_str_radix(&text[36..52], 16).ok()?;
        let flags = u8::from_str_radix(&text[53..55], 16).ok()?;
        (trace != 0 && span != 0).then_some(Self { trace, span, sampled: flags & SAMPLED != 0 })
    }

    /// What a request brings; of several nobody knows which holds.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(HEADER).iter();
        let text = all.next()?.to_str().ok()?;
        if all.next().is_some() { None } else { Self::parse(text) }
    }

    /// Has a request carry it.
    pub fn put(self, headers: &mut HeaderMap) {
        let value = HeaderValue::try_from(self.to_string());
        headers.insert(HEADER, value.expect("digits and dashes are a header's value"));
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

fn id() -> u64 {
    rand::random::<u64>().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_context_is_read_and_written() {
        let context = Context::parse(TEXT).unwrap();
        assert_eq!(context.to_string(), TEXT);
        assert!(context.sampled);
        assert!(!Context::parse(&TEXT.replace("-01", "-00")).unwrap().sampled);
        let child = context.child();
        assert_eq!((child.trace, child.sampled), (context.trace, true));
        assert_ne!(child.span, context.span);
        // What later versions add is not understood, and what they share is.
        let later = format!("cc{}-what-comes", &TEXT[2..]);
        assert_eq!(Context::parse(&later), Some(context));
    }

    #[test]
    fn what_is_no_context_is_none() {
        for bad in [
            String::new(),
            TEXT.to_uppercase(),
            TEXT.replace("00-4", "ff-4"),
            format!("{TEXT}-more"),
            format!("{TEXT}0"),
            TEXT[..54].to_owned(),
            TEXT.replace("4bf9", "4bé"),
            TEXT.replace("00f067aa0ba902b7", "0000000000000000"),
            TEXT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            TEXT.replace("00f067aa0ba902b7", "+0f067aa0ba902b7"),
        ] {
            assert_eq!(Context::parse(&bad), None, "{bad}");
        }
        let mut headers = HeaderMap::new();
        headers.append(HEADER, TEXT.parse().unwrap());
        assert_eq!(Context::of(&headers), Context::parse(TEXT));
        headers.append(HEADER, TEXT.parse().unwrap());
        assert_eq!(Context::of(&headers), None);
    }
}
