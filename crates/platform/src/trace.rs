//! W3C trace context (`traceparent`): who called whom, across HTTP and events.
//!
//! It is handed on as it came: who makes no span of its own must not name one, or what follows would hang
//! on a span that nobody has.

/// The trace of a request: the one that it brings, or a new one, which nobody records. `random` makes the
/// parts that are new.
pub fn continued(traceparent: Option<&str>, mut random: impl FnMut() -> u64) -> String {
    match traceparent.filter(|parent| is_valid(parent)) {
        Some(parent) => parent.to_owned(),
        None => format!("00-{:016x}{:016x}-{:016x}-00", random(), random() | 1, random() | 1),
    }
}

/// The same trace, one span further.
pub(crate) fn child(parent: &str, span: u64) -> String {
    format!("{}{:016x}{}", &parent[..36], span | 1, &parent[52..])
}

pub(crate) fn is_valid(traceparent: &str) -> bool {
    let hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let parts: Vec<&str> = traceparent.split('-').collect();
    matches!(parts.as_slice(), ["00", trace, span, flags]
        if trace.len() == 32 && span.len() == 16 && flags.len() == 2
            && hex(trace) && hex(span) && hex(flags)
            && trace.bytes().any(|b| b != b'0') && span.bytes().any(|b| b != b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_is_handed_on_as_it_came() {
        assert_eq!(continued(Some(PARENT), || 0x10), PARENT);
    }

    #[test]
    fn a_child_is_another_span_of_the_same_trace() {
        let child = child(PARENT, 0x10);
        assert_eq!(child, "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000011-01");
    }

    #[test]
    fn what_is_no_trace_starts_a_new_one_that_nobody_records() {
        for bad in ["", "00-0-0-01", &PARENT.to_uppercase(), &PARENT.replace("4bf9", "4bé")] {
            let fresh = continued(Some(bad), || 7);
            assert!(is_valid(&fresh) && fresh.ends_with("-00"), "{fresh}");
        }
    }
}
