//! What a request had to do with neighbours, for the line in the log that tells of it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::SystemTime;

use crate::env::Env;
use crate::http::Request;

/// The calls of one piece of work, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal(Rc<RefCell<Vec<Called>>>);

/// A call to a neighbour, with all its tries.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    /// `book/give-back`.
    pub(crate) target: String,
    /// How often it was sent; 0 where the breaker cut it off.
    pub(crate) tries: u64,
    /// How the breaker stood.
    pub(crate) breaker: &'static str,
    /// Why it failed.
    pub(crate) failure: Option<String>,
}

impl Journal {
    pub(crate) fn add(&self, called: Called) {
        self.0.borrow_mut().push(called);
    }

    /// Whether a call failed, or succeeded only when it was repeated.
    pub(crate) fn has_trouble(&self) -> bool {
        self.0.borrow().iter().any(|called| called.failure.is_some() || called.tries > 1)
    }

    /// The line in the log that tells of a client's request: where something went wrong with it, or of
    /// each (variable `request_log`: `trouble`, `all` or `none`).
    pub(crate) fn tell(&self, env: &Env, request: &Request, status: u16, began: SystemTime) {
        let told = match env.host.variable("request_log").as_deref() {
            Some("all") => true,
            Some("none") => false,
            _ => self.has_trouble() || status >= 500 || status == 429,
        };
        if told {
            let took = env.host.now().duration_since(began).unwrap_or_default().as_millis();
            let (Request { method, path, .. }, saga) = (request, &env.cause.correlation);
            eprintln!("{method} {path} {status} in {took} ms{self}; saga {saga}");
        }
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Called { target, tries, breaker, failure } in &*self.0.borrow() {
            write!(f, ", called {target}: tries {tries}, breaker {breaker}")?;
            if let Some(why) = failure {
                let why = why.strip_prefix(&format!("{target}: ")).unwrap_or(why);
                write!(f, ", {why}")?;
            }
        }
        Ok(())
    }
}
