//! Killing a component between its steps.

use crate::kvaccine::{self, KVaccine};
use crate::lecture::{self, Lecture};
use crate::outerpark::{self, OuterPark};
use crate::professor::{self, Professor};
use madang_testing::bookrent::BookRent;
use madang_testing::system::System;
use madang_testing::{Host, Trigger};
use std::ops::Deref;

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

/// A system whose components can be killed.
pub trait Killable<'h>: Deref<Target = System<'h>> {
    /// The components to wake before it settles.
    fn hearing(&self) -> Vec<String>;
    /// Waits until nothing is owed.
    fn settle(&self);
    /// Checks what is always true.
    fn check(&self);
}

/// Systems that can be killed, with the contexts that are woken before they settle.
macro_rules! killable {
    ($($system:ident: $hearing:expr;)+) => {
        $(impl<'h> Killable<'h> for $system<'h> {
            fn hearing(&self) -> Vec<String> {
                $hearing.map(|context| self.component(context)).into()
            }

            #[track_caller]
            fn settle(&self) {
                $system::settle(self);
            }

            #[track_caller]
            fn check(&self) {
                $system::check(self);
            }
        })+
    };
}

killable! {
    BookRent: ["delivery", "book"];
    OuterPark: outerpark::CONTEXTS;
    KVaccine: kvaccine::CONTEXTS;
    Professor: professor::HEARING;
    Lecture: lecture::HEARING;
}

/// Kills a component before its first call to the outside, after its first, after its second, …,
/// until the step takes place without the component making so many calls; heals everything each time
/// and checks that all is as if nothing had happened. Gives how many calls the step has.
///
/// # Panics
/// Where it is not; when there is no end to it.
#[track_caller]
pub fn kill_at_each_step<'h, S: Killable<'h>, T>(
    system: &S,
    step: &Step<impl Fn(&S) -> T, impl Fn(&S, T)>,
) -> u32 {
    for call in 0..MOST_CALLS {
        let struck = (0..TRIES).any(|_| {
            let begun = (step.before)(system);
            let before = kills(system.host, step.component);
            system.host.crash(step.component, call, step.trigger);
            (step.act)(system, begun);
            // Not the one with the crash: that would forget the crash before it strikes.
            for component in system.hearing().iter().filter(|one| *one != step.component) {
                system.host.heal(component);
            }
            system.settle();
            let struck = kills(system.host, step.component) > before;
            system.host.heal(step.component);
            system.check();
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
