//! What the host says, on standard error: for people line by line, for machines one JSON object a
//! line.

use crate::telemetry::context::Context;
use clap::ValueEnum;
use humantime::format_rfc3339_millis;
use serde::Serialize;
use std::{
    fmt::{self, Display},
    io::{IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
    time::SystemTime,
};

/// Whether this process writes JSON.
static JSON: AtomicBool = AtomicBool::new(false);

/// The forms that lines may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Pretty on a terminal, else JSON.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line: `time`, `level`, `component` if it is about one, `message`, and what
    /// else is known.
    Json,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Info,
    /// Something is not as it should be, and the host deals with it.
    Warn,
    /// Something failed.
    Error,
}

/// One line.
#[derive(Debug, Serialize)]
struct Line<'a, F: Serialize> {
    time: String,
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a str>,
    message: &'a str,
    #[serde(flatten)]
    trace: Option<Ids>,
    #[serde(flatten)]
    fields: F,
}

/// The span that a line belongs to, in OpenTelemetry's names for logs of other formats.
#[derive(Debug, Serialize)]
struct Ids {
    trace_id: String,
    span_id: String,
}

impl Format {
    /// Has this process write so.
    pub fn set(self) {
        JSON.store(self.is_json(), Ordering::Relaxed);
    }

    /// The form in which this process writes.
    pub fn now() -> Self {
        if JSON.load(Ordering::Relaxed) { Self::Json } else { Self::Pretty }
    }

    fn is_json(self) -> bool {
        match self {
            Self::Auto => !std::io::stderr().is_terminal(),
            Self::Pretty => false,
            Self::Json => true,
        }
    }

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Pretty => "pretty",
            Self::Json => "json",
        }
    }
}

/// Writes one line, whole: several processes share the console.
fn write(line: &dyn Display) {
    let line = format!("{line}\n");
    // A closed console must not stop the host.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Says one thing. For people that it is the host's own is in front of it already.
pub fn line(level: Level, component: Option<&str>, trace: Option<Context>, text: fmt::Arguments) {
    if Format::now() == Format::Pretty {
        return write(&text);
    }
    let text = text.to_string();
    write(&json(level, component, text.strip_prefix("madang: ").unwrap_or(&text), trace, ()));
}

/// Says a line of a component: for people after its name, for machines with what is known of it.
pub fn printed(
    level: Level,
    component: &str,
    text: &str,
    trace: Option<Context>,
    fields: impl Serialize,
) {
    match Format::now() {
        Format::Pretty => write(&format_args!("[{component}] {text}")),
        _ => write(&json(level, Some(component), text, trace, fields)),
    }
}

fn json(
    level: Level,
    component: Option<&str>,
    message: &str,
    trace: Option<Context>,
    fields: impl Serialize,
) -> String {
    let time = format_rfc3339_millis(SystemTime::now()).to_string();
    let trace = trace.filter(|trace| trace.sampled).map(|Context { trace, span, .. }| Ids {
        trace_id: format!("{trace:032x}"),
        span_id: format!("{span:016x}"),
    });
    let line = Line { time, level, component, message, trace, fields };
    serde_json::to_string(&line).unwrap_or_else(|error| error.to_string())
}

/// Says something: its level, the component that it is about if there is one, the span that it belongs
/// to if that is known, and a format.
#[macro_export]
macro_rules! say {
    ($level:ident, component = $component:expr, trace = $trace:expr, $($text:tt)*) => {
        $crate::say::line(
            $crate::say::Level::$level,
            Some(&$component),
            $trace,
            format_args!($($text)*),
        )
    };
    ($level:ident, component = $component:expr, $($text:tt)*) => {
        $crate::say!($level, component = $component, trace = None, $($text)*)
    };
    ($level:ident, $($text:tt)*) => {
        $crate::say::line($crate::say::Level::$level, None, None, format_args!($($text)*))
    };
    ($($text:tt)*) => { $crate::say!(Info, $($text)*) };
}

/// `", did you mean \`x\`?"` when one of `known` is close to `word`, else nothing.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min()
        .map_or(String::new(), |(_, name)| format!(", did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json as value};

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["bookrent-book", "bookrent-rent"];
        assert_eq!(suggestion("bookrent-boko", known), ", did you mean `bookrent-book`?");
        assert_eq!(suggestion("pay", known), "");
    }

    #[test]
    fn a_line_for_machines_is_one_object() {
        let fields = value!({ "status": 503 });
        let trace = Context::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let text = json(Level::Error, Some("shop"), "failed:\n\"x\"", trace, fields);
        assert!(!text.contains('\n'), "{text}");
        let mut line: Value = serde_json::from_str(&text).unwrap();
        let time = line.as_object_mut().unwrap().remove("time").unwrap();
        humantime::parse_rfc3339(time.as_str().unwrap()).unwrap();
        assert_eq!(
            line,
            value!({
                "level": "error", "component": "shop", "message": "failed:\n\"x\"", "status": 503,
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
            })
        );
        let unsampled = trace.map(|trace| Context { sampled: false, ..trace });
        let text = json(Level::Info, None, "x", unsampled, ());
        assert!(!text.contains("component") && !text.contains("trace_id"), "{text}");
    }
}
