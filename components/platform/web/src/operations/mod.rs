//! Operations: how every context is, what it gave up, and what can be done about it. Whoever knows the operator's
//! key may do it; the service token and the host's admin port are used here, on the server, and nowhere else.

mod letters;
mod operator;
mod orders;
mod overview;

use madang::http::Response;

use crate::model::{Context, System};
use crate::systems;
use crate::visit::Visit;

pub(crate) use orders::post;

/// Where these pages begin.
const ROOT: &str = "/pages/operations";

/// A page of operations.
pub(crate) fn get(visit: &Visit, path: &[&str]) -> Option<Response> {
    match path {
        [] => Some(overview::show(visit, 200, None)),
        [system, context] => {
            let (system, context) = named(system, context)?;
            Some(letters::show(visit, system, context, 200, None))
        }
        _ => None,
    }
}

/// A context by its names.
fn named(system: &str, context: &str) -> Option<(&'static System, &'static Context)> {
    let system = systems::named(system)?;
    Some((system, system.context(context)?))
}

/// A component's name.
fn component(system: &System, context: &Context) -> String {
    format!("{}-{}", system.name, context.name)
}
