//! Many clients ask the same, as siege has them.

use crate::play::Asked;
use crate::script::{Siege, When};
use http_body_util::Full;
use hyper::Request;
use madang_testing::load::{self, Clients, End, Exchange};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Has so many clients send a step's request until there are answers enough, and each expected one is among
/// them.
///
/// # Panics
/// Where an answer is none of those that are expected, or an expected one never came.
pub fn besiege(asked: &Asked, siege: &Siege, server: SocketAddr) {
    let is_over = Arc::new(AtomicBool::new(false));
    let clients = Clients::new(server, siege.clients, End::Told(is_over.clone()));
    let request = &asked.step.request;
    let body = request.body.as_ref().map(|body| asked.text(body)).unwrap_or_default();
    let (method, path) = (request.method.clone(), asked.text(&request.path));
    let headers: Vec<_> =
        request.headers.iter().map(|(name, value)| (name.clone(), asked.text(value))).collect();
    let send = move |_| {
        let request = Request::builder().method(method.as_str()).uri(&path);
        let request = request.header("host", server.to_string());
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.body(Full::from(body.clone())).expect("what `.http` files have is a request")
    };

    let expected = asked.expected();
    let missing: Rc<RefCell<Vec<usize>>> = Rc::default();
    let is_needed = |index: &usize| expected[*index].when == When::Now;
    missing.borrow_mut().extend((0..expected.len()).filter(is_needed));
    let (still, begin, limit, enough) =
        (missing.clone(), Instant::now(), siege.limit, siege.requests);
    let mut answers = 0;
    let outcome = load::run(&clients, send, move |exchange: &Exchange| {
        let (told, found) = match &exchange.answer {
            Ok(answer) => {
                let (status, body) = (answer.status().as_u16(), answer.body());
                let says_when = answer.headers().contains_key("retry-after");
                let fits = |index: &usize| expected[*index].fits(status, says_when, body).is_ok();
                let found = (0..expected.len()).find(fits);
                (format!("{status} {}", String::from_utf8_lossy(body)), found)
            }
            Err(reason) => (format!("no answer: {reason}"), None),
        };
        still.borrow_mut().retain(|index| Some(*index) != found);
        answers += 1;
        let is_enough = answers >= enough && still.borrow().is_empty();
        if is_enough || begin.elapsed() >= limit {
            is_over.store(true, Ordering::Relaxed);
        }
        found.map(drop).ok_or(told)
    });
    let outcome = outcome.unwrap_or_else(|error| panic!("{}", asked.is_wrong(&error.to_string())));
    if let Some((answer, _)) = outcome.errors.first_key_value() {
        let wrong: u64 = outcome.errors.values().sum();
        let good = outcome.times.len();
        let what =
            format!("{wrong} answers are none of those expected, {good} are; first: {answer}");
        panic!("{}", asked.is_wrong(&what));
    }
    if let Some(never) = missing.borrow().first() {
        let expected = &asked.step.answers[*never];
        let what = format!("never answered {} {:?}", expected.status, expected.body);
        panic!("{}", asked.is_wrong(&what));
    }
}
