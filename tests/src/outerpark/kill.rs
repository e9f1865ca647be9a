//! Killing a component of OuterPark between its steps.

use super::{CONTEXTS, OuterPark};
use crate::kills;
use madang_testing::Trigger;

/// More calls to the outside than any instance makes for one event or command.
const MOST_CALLS: u32 = 60;
/// How often a step is tried in which the component was not killed: somebody else may have done its
/// work (a question for readiness instead of the doorbell).
const TRIES: usize = 3;

/// Something that a context does, with what goes before and after.
#[derive(Debug)]
pub struct Step<'s, B, A> {
    /// The context that is killed.
    pub context: &'s str,
    /// What wakes the instance that is killed.
    pub trigger: Trigger,
    /// Brings the system to where the step begins. The component is not killed here.
    pub before: B,
    /// Has the step happen, with what `before` gave.
    pub act: A,
}

/// Kills a component before its first call to the outside, after its first, after its second, …,
/// until the step takes place without the component making so many calls; heals everything each time
/// and checks that all is as if nothing had happened. Gives how many calls the step has.
///
/// # Panics
/// Where it is not; when there is no end to it.
#[track_caller]
pub fn kill_at_each_step<T>(
    park: &OuterPark,
    step: &Step<impl Fn(&OuterPark) -> T, impl Fn(&OuterPark, T)>,
) -> u32 {
    let component = format!("outerpark-{}", step.context);
    for call in 0..MOST_CALLS {
        let struck = (0..TRIES).any(|_| {
            let begun = (step.before)(park);
            let before = kills(park.host, &component);
            park.host.crash(&component, call, step.trigger);
            (step.act)(park, begun);
            // Not the one with the crash: that would forget the crash before it strikes.
            for context in CONTEXTS.into_iter().filter(|context| *context != step.context) {
                park.heal(context);
            }
            park.settle();
            let struck = kills(park.host, &component) > before;
            park.heal(step.context);
            park.check();
            struck
        });
        if !struck {
            return call;
        }
    }
    panic!("{component} was killed at each of {MOST_CALLS} calls: that has no end");
}
