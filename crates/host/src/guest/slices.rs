//! How guests that compute share their process: between two slices of such guests, everybody else has a turn.

use super::state::State;
use tokio::{sync::Mutex, task::yield_now};
use wasmtime::{Result, StoreContextMut, UpdateDeadline};

/// How many ticks of the engine's clock a slice ends with.
const TICKS: u64 = 1;

/// The line of those that have more to compute than fits in a slice.
#[derive(Debug, Default)]
pub struct Slices(Mutex<()>);

impl Slices {
    /// Waits for the next slice. They come in order, and only one in each turn of the runtime: it looks for what came
    /// from outside and runs whoever that woke, however many guests compute. (A task that wakes itself, which
    /// is how the engine yields, is run 61 times before the runtime looks outside again.)
    async fn next(&self) {
        let _first = self.0.lock().await;
        yield_now().await;
    }
}

/// What an instance does when its slice is over.
pub fn give_way(mut context: StoreContextMut<State>) -> Result<UpdateDeadline> {
    let state = context.data_mut();
    state.slices += 1;
    // Most that a tick of the clock meets are nearly done, and need not stand in line.
    if state.slices == 1 {
        return Ok(UpdateDeadline::YieldCustom(TICKS, Box::pin(yield_now())));
    }
    let host = state.host().clone();
    Ok(UpdateDeadline::YieldCustom(TICKS, Box::pin(async move { host.slices.next().await })))
}
