//! The pages, in a real browser: what each actor does, from start to settled state.

mod support;

mod bookrent;
mod drill;
mod frame;
mod keyboard;
mod kvaccine;
mod lecture;
mod map;
mod operations;
mod outerpark;
mod professor;
mod screenshots;
mod speed;
mod without_script;
