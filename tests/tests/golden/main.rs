//! Golden events: `docs/contracts/<system>/events/<Event>.<version>.json` says how each event stands in
//! the log, version by version. What is told today is the newest, and every one of them is read by all
//! who hear it. `docs/EVENTS.md` says how an event may change.

mod asyncapi;
mod files;
mod golden;
mod heard;
mod systems;
mod told;
