//! W3C trace context (`traceparent`): who called whom, across HTTP and events.

/// The trace of a request: the one that it brings, or a new one. `random` makes the parts that are new.
pub fn continued(traceparent: Option<&str>, mut random: impl FnMut() -> u64) -> String {
    match traceparent.filter(|parent| is_valid(parent)) {
        Some(parent) => child(parent, random()),
        None => format!("00-{:016x}{:016x}-{:016x}-01", random(), random() | 1, random() | 1),
    }
}

/// The same trace, one span further.
pub fn child(parent: &str, span: u64) -> String {
    if is_valid(parent) {
        format!("{}{:016x}{}", &parent[..36], span | 1, &parent[52..])
    } else {
        parent.to_owned()
    }
}

fn is_valid(traceparent: &str) -> bool {
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

    /// The trace's id, the part that all of a saga share.
    fn id(traceparent: &str) -> Option<&str> {
        is_valid(traceparent).then(|| &traceparent[3..35])
    }

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_goes_on_with_a_new_span() {
        let next = continued(Some(PARENT), || 0x10);
        assert_eq!(next, "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000011-01");
        assert_eq!(id(&next), id(PARENT));
    }

    #[test]
    fn what_is_no_trace_starts_a_new_one() {
        for bad in ["", "00-0-0-01", &PARENT.to_uppercase(), &PARENT.replace("4bf9", "4bé")] {
            let fresh = continued(Some(bad), || 7);
            assert!(is_valid(&fresh), "{fresh}");
        }
    }
}
