//! Contexts wait for Redis where they ask it. Here that is a suspended stack, so that one thread has as many requests
//! under way as there are clients, and their commands go to Redis together.

use corosensei::{Coroutine, CoroutineResult, Yielder, stack::DefaultStack};
use redis::{RedisError, Value};
use std::{cell::RefCell, io, pin::Pin};

/// What Redis answered.
pub type Reply = Result<Value, RedisError>;
/// What work waits for.
pub type Wait = Pin<Box<dyn Future<Output = Reply>>>;
/// What work says what it waits for to.
pub type Yields = Yielder<Reply, Wait>;

/// Bytes: of what contexts need of a stack, many times over.
const STACK: usize = 1 << 20;

/// Carries out work that waits in its midst.
///
/// # Errors
/// When there is no memory for its stack.
pub async fn run<T: 'static>(work: impl FnOnce(&Yields) -> T + 'static) -> io::Result<T> {
    thread_local!(static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) });
    let kept = STACKS.with_borrow_mut(Vec::pop);
    let stack = kept.map_or_else(|| DefaultStack::new(STACK), Ok)?;
    let mut fiber = Coroutine::with_stack(stack, |yields: &Yields, _: Reply| work(yields));
    let mut answer = Ok(Value::Nil);
    loop {
        match fiber.resume(answer) {
            CoroutineResult::Yield(wait) => answer = wait.await,
            CoroutineResult::Return(done) => {
                STACKS.with_borrow_mut(|stacks| stacks.push(fiber.into_stack()));
                return Ok(done);
            }
        }
    }
}
