//! What `cargo xtask prove` takes away from a build of its own, to see that it sees it, and how it makes
//! handlers fail. In any other build there is nothing here.

/// The safeguards that this build is without, and what else of the kind it has.
pub(crate) const TAKEN_AWAY: &[&str] = &[
    #[cfg(feature = "without-cursor-check")]
    "without-cursor-check",
    #[cfg(feature = "without-version-check")]
    "without-version-check",
    #[cfg(feature = "without-idempotency-check")]
    "without-idempotency-check",
    #[cfg(feature = "without-intent-recovery")]
    "without-intent-recovery",
    #[cfg(feature = "poisonable")]
    "poisonable",
];

/// Fails as an event asks this context to, in a way that no handler can answer: as a bug would. Answers whether the
/// event is there to poison somebody: to all others it is nothing.
#[cfg(feature = "poisonable")]
pub(crate) fn swallow(context: &str, event: &str) -> bool {
    let event: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
    let poison = &event["data"]["poison"];
    if poison["context"] == context {
        match poison["how"].as_str() {
            Some("trap") => panic!("poisoned"),
            Some("loop") => loop {
                std::hint::spin_loop();
            },
            Some("overflow") => drop(overflow(std::hint::black_box(u64::MAX))),
            _ => {}
        }
    }
    !poison.is_null()
}

#[cfg(not(feature = "poisonable"))]
pub(crate) fn swallow(_: &str, _: &str) -> bool {
    false
}

/// Takes more stack than there is.
#[cfg(feature = "poisonable")]
fn overflow(depth: u64) -> u64 {
    let stack = std::hint::black_box([depth; 1024]);
    if depth == 0 { 0 } else { overflow(depth - 1) + stack[(depth % 1024) as usize] }
}
