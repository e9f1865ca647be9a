//! A load generator: connections that are kept alive and always have one request under way.

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// How long one answer may take before it counts as an error.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// When to end.
#[derive(Clone, Copy)]
pub enum End {
    /// When this much time has passed; requests under way are finished.
    After(Duration),
    /// After this many requests.
    Requests(usize),
}

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// How long each good answer took, sorted.
    pub times: Vec<Duration>,
    /// Answers and failures that were not expected, and how often.
    pub errors: BTreeMap<String, u64>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

impl Outcome {
    /// Good answers per second.
    pub fn rate(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time within which this share of the good answers came, in milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        percentile(&self.times, share)
    }
}

/// The time below which this share of sorted times lies, in milliseconds; 0 of none.
pub fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    let time = sorted.get(rank.saturating_sub(1).min(sorted.len().saturating_sub(1)));
    time.map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// Sends `request(0)`, `request(1)`, … to an address like `127.0.0.1:3000` over this many
/// connections. `check` sees each answer with the number of its request, and says what is wrong
/// with it.
pub fn run(
    address: &str,
    connections: usize,
    end: End,
    request: impl Fn(usize) -> Request<Full<Bytes>> + 'static,
    check: impl FnMut(usize, StatusCode, &[u8]) -> Result<(), String> + 'static,
) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let load = Rc::new(Load {
        address: address.to_owned(),
        end,
        begin: Instant::now(),
        request,
        state: RefCell::new(State { next: 0, check, outcome: Outcome::default() }),
    });
    runtime.block_on(LocalSet::new().run_until({
        let load = load.clone();
        async move {
            let tasks: Vec<_> = (0..connections)
                .map(|_| tokio::task::spawn_local(load.clone().connection()))
                .collect();
            for task in tasks {
                task.await.context("a connection of the load generator")?;
            }
            anyhow::Ok(())
        }
    }))?;
    let mut outcome = std::mem::take(&mut load.state.borrow_mut().outcome);
    outcome.elapsed = load.begin.elapsed();
    outcome.times.sort_unstable();
    Ok(outcome)
}

struct Load<R, C> {
    address: String,
    end: End,
    begin: Instant,
    request: R,
    state: RefCell<State<C>>,
}

struct State<C> {
    next: usize,
    check: C,
    outcome: Outcome,
}

impl<R, C> Load<R, C>
where
    R: Fn(usize) -> Request<Full<Bytes>> + 'static,
    C: FnMut(usize, StatusCode, &[u8]) -> Result<(), String> + 'static,
{
    /// One connection, connected again when it breaks.
    async fn connection(self: Rc<Self>) {
        let mut connected = None;
        while let Some(number) = self.next() {
            let begin = Instant::now();
            match tokio::time::timeout(ANSWER_LIMIT, self.exchange(&mut connected, number)).await {
                Ok(Ok((status, body))) => self.answered(number, status, &body, begin.elapsed()),
                Ok(Err(error)) => {
                    connected = None;
                    self.failed(format!("{error:#}"));
                }
                Err(_) => {
                    connected = None;
                    self.failed(format!("no answer within {ANSWER_LIMIT:?}"));
                }
            }
        }
    }

    fn next(&self) -> Option<usize> {
        let mut state = self.state.borrow_mut();
        let goes_on = match self.end {
            End::After(time) => self.begin.elapsed() < time,
            End::Requests(n) => state.next < n,
        };
        let number = state.next;
        state.next += 1;
        goes_on.then_some(number)
    }

    async fn exchange(
        &self,
        connected: &mut Option<SendRequest<Full<Bytes>>>,
        number: usize,
    ) -> Result<(StatusCode, Bytes)> {
        if connected.is_none() {
            let stream = TcpStream::connect(&self.address).await.context("connect")?;
            stream.set_nodelay(true)?;
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            // Its errors are the requests' errors too.
            tokio::task::spawn_local(connection);
            *connected = Some(sender);
        }
        let sender = connected.as_mut().context("just connected")?;
        sender.ready().await?;
        let response = sender.send_request((self.request)(number)).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, body))
    }

    fn answered(&self, number: usize, status: StatusCode, body: &[u8], time: Duration) {
        let state = &mut *self.state.borrow_mut();
        match (state.check)(number, status, body) {
            Ok(()) => state.outcome.times.push(time),
            Err(reason) => *state.outcome.errors.entry(reason).or_default() += 1,
        }
    }

    fn failed(&self, reason: String) {
        *self.state.borrow_mut().outcome.errors.entry(reason).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 0.5), 50.0);
        assert_eq!(percentile(&times, 0.99), 99.0);
        assert_eq!(percentile(&times, 0.999), 100.0);
        assert_eq!(percentile(&times[..1], 0.5), 1.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }

    /// Closes every connection after its second answer.
    fn serve(listener: TcpListener) {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            for _ in 0..2 {
                if stream.read(&mut request).unwrap_or(0) == 0 {
                    break;
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
            }
        }
    }

    #[test]
    fn every_request_is_an_answer_or_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || serve(listener));
        let get = |_| Request::get("/").header("host", "test").body(Full::default()).unwrap();
        let outcome = run(&address, 1, End::Requests(10), get, |number, status, body| {
            assert_eq!((status, body), (StatusCode::OK, b"ok".as_slice()));
            if number == 0 { Err("the first".to_owned()) } else { Ok(()) }
        })
        .unwrap();
        assert_eq!(outcome.errors["the first"], 1);
        let errors: u64 = outcome.errors.values().sum();
        assert_eq!(outcome.times.len() as u64 + errors, 10);
        assert!(outcome.times.len() >= 4, "{:?}", outcome.errors);
    }
}
