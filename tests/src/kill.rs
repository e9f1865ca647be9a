//! Killing a component between its steps.

use madang_testing::bookrent::BookRent;
use madang_testing::{Host, Trigger};

/// More calls to the outside than any instance makes for one event or command.
const MOST_CALLS: u32 = 60;
/// How often a step is tried in which the component was not killed: somebody else may have done its
/// work (a question for readiness instead of the doorbell).
const TRIES: usize = 3;

/// Something that a component does, with what goes before and after.
#[derive(Debug)]
pub struct Step<'s, B, A> {
    /// The component that is killed.
    pub component: &'s str,
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
    shop: &BookRent,
    step: &Step<impl Fn(&BookRent) -> T, impl Fn(&BookRent, T)>,
) -> u32 {
    for call in 0..MOST_CALLS {
        let struck = (0..TRIES).any(|_| {
            let begun = (step.before)(shop);
            let before = kills(shop.host, step.component);
            shop.host.crash(step.component, call, step.trigger);
            (step.act)(shop, begun);
            for component in ["bookrent-delivery", "bookrent-book"] {
                // Not the one with the crash: that would forget the crash before it strikes.
                if component != step.component {
                    shop.host.heal(component);
                }
            }
            shop.settle();
            let struck = kills(shop.host, step.component) > before;
            shop.host.heal(step.component);
            shop.check();
            struck
        });
        if !struck {
            return call;
        }
    }
    panic!("{} was killed at each of {MOST_CALLS} calls: that has no end", step.component);
}

/// How often a component's instances have been killed on purpose so far, as the host tells it.
pub fn kills(host: &Host, component: &str) -> usize {
    host.printed().matches(&format!("component {component} was killed")).count()
}
