//! Which traces are recorded: `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.

use super::context::Context;
use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// The names that the specification gives the samplers that there are here.
pub const NAMES: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// Decides which traces are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sampler {
    /// Whether whoever began a trace has decided for all.
    parent_based: bool,
    /// What part of the others, from 0 to 1.
    ratio: f64,
}

impl Default for Sampler {
    /// The specification's: `parentbased_always_on`.
    fn default() -> Self {
        Self { parent_based: true, ratio: 1.0 }
    }
}

impl Sampler {
    /// The sampler of this name; errors say what else it may be.
    pub fn named(name: &str, argument: Option<&str>) -> Result<Self> {
        let (parent_based, root) = match name.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, name),
        };
        let ratio = match root {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => match argument.map(str::parse) {
                None => 1.0,
                Some(Ok(ratio)) if (0.0..=1.0).contains(&ratio) => ratio,
                _ => bail!(
                    "OTEL_TRACES_SAMPLER_ARG is {:?}: it may be a number from 0 to 1",
                    argument.unwrap_or_default()
                ),
            },
            _ => bail!(
                "OTEL_TRACES_SAMPLER is {name:?}, which there is not here: it may be {}",
                NAMES.join(", ")
            ),
        };
        Ok(Self { parent_based, ratio })
    }

    /// Whether a span of `trace` is recorded that follows from `parent`.
    pub fn samples(&self, trace: u128, parent: Option<Context>) -> bool {
        match parent {
            Some(parent) if self.parent_based => parent.sampled,
            _ => self.takes(trace),
        }
    }

    /// By the trace's number alone, so that all who ask decide alike.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a ratio of a number's lower half needs no more"
    )]
    fn takes(&self, trace: u128) -> bool {
        // u64::MAX is 2^64 as a float, so 1 takes all.
        self.ratio >= 1.0 || (trace as u64) < (self.ratio * u64::MAX as f64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(sampled: bool) -> Option<Context> {
        Some(Context { sampled, ..Context::root() })
    }

    #[test]
    fn who_began_a_trace_decides_unless_it_is_said_otherwise() {
        let trace = Context::root().trace;
        for (name, alone, of_sampled, of_other) in [
            ("always_on", true, true, true),
            ("always_off", false, false, false),
            ("parentbased_always_on", true, true, false),
            ("parentbased_always_off", false, true, false),
        ] {
            let sampler = Sampler::named(name, None).unwrap();
            let said = [None, parent(true), parent(false)].map(|of| sampler.samples(trace, of));
            assert_eq!(said, [alone, of_sampled, of_other], "{name}");
        }
        assert_eq!(Sampler::named("parentbased_always_on", None).unwrap(), Sampler::default());
    }

    #[test]
    fn a_ratio_is_of_the_traces() {
        let quarter = Sampler::named("traceidratio", Some("0.25")).unwrap();
        let taken = (0..4000).filter(|_| quarter.samples(Context::root().trace, None)).count();
        // 27 standard deviations: it does not happen.
        assert!((250..1750).contains(&taken), "{taken}");
        assert!(!Sampler::named("traceidratio", Some("0")).unwrap().samples(1, None));
        assert!(Sampler::named("traceidratio", None).unwrap().samples(u128::MAX, None));
    }

    #[test]
    fn what_is_no_sampler_is_told() {
        for (name, argument, expected) in [
            (
                "jaeger_remote",
                None,
                "\"jaeger_remote\", which there is not here: it may be always_on",
            ),
            (
                "traceidratio",
                Some("2"),
                "OTEL_TRACES_SAMPLER_ARG is \"2\": it may be a number from 0",
            ),
            ("parentbased_traceidratio", Some("half"), "\"half\""),
            ("traceidratio", Some("NaN"), "\"NaN\""),
        ] {
            let error = Sampler::named(name, argument).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
