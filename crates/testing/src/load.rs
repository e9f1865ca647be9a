//! A load generator: clients that keep their connection alive and have one request under way each.

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;

/// How long one answer may take before it counts as none.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// When to end. Requests under way are always finished.
#[derive(Clone, Debug)]
pub enum End {
    /// When this much time has passed.
    After(Duration),
    /// After this many requests.
    Requests(usize),
    /// When somebody sets this.
    Told(Arc<AtomicBool>),
}

/// Those who ask.
#[derive(Clone, Debug)]
pub struct Clients {
    server: SocketAddr,
    number: usize,
    end: End,
    pause: Duration,
    from: Option<IpAddr>,
}

impl Clients {
    /// So many clients of a server, each asking again as soon as it has its answer.
    pub fn new(server: SocketAddr, number: usize, end: End) -> Self {
        Self { server, number, end, pause: Duration::ZERO, from: None }
    }

    /// Has each client wait so long before it asks again.
    pub fn pausing(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Has them come from this address of the machine.
    pub fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let socket = if self.server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(from) = self.from {
            socket.bind(SocketAddr::new(from, 0)).context("bind")?;
        }
        let stream: TcpStream = socket.connect(self.server).await.context("connect")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its errors are the requests' errors too.
        tokio::task::spawn_local(connection);
        Ok(sender)
    }
}

/// A request and what came of it.
#[derive(Debug)]
pub struct Exchange {
    /// The request's number, from 0 up.
    pub number: usize,
    /// When it was sent.
    pub begin: Instant,
    /// How long it took until the answer was there, or was given up.
    pub time: Duration,
    /// The whole answer, or why there is none.
    pub answer: Result<Response<Bytes>, String>,
}

/// What came of all of them.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How long each good answer took, sorted.
    pub times: Vec<Duration>,
    /// Answers and failures that were not expected, and how often.
    pub errors: BTreeMap<String, u64>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

impl Outcome {
    /// Adds what came of other requests, that were sent at another time.
    pub fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        self.times.sort_unstable();
        for (reason, count) in other.errors {
            *self.errors.entry(reason).or_default() += count;
        }
        self.elapsed += other.elapsed;
    }

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

/// Has clients send `request(0)`, `request(1)`, … until they come to their end. `check` sees what
/// came of each, and says what is wrong with it.
///
/// # Errors
/// When the generator itself cannot run; a request that fails is no error of it.
pub fn run(
    clients: &Clients,
    request: impl Fn(usize) -> Request<Full<Bytes>> + 'static,
    check: impl FnMut(&Exchange) -> Result<(), String> + 'static,
) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let load = Rc::new(Load {
        clients: clients.clone(),
        begin: Instant::now(),
        request,
        state: RefCell::new(State { next: 0, check, outcome: Outcome::default() }),
    });
    runtime.block_on(LocalSet::new().run_until({
        let load = load.clone();
        async move {
            let tasks: Vec<_> = (0..load.clients.number)
                .map(|_| tokio::task::spawn_local(load.clone().client()))
                .collect();
            for task in tasks {
                task.await.context("a client of the load generator")?;
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
    clients: Clients,
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
    C: FnMut(&Exchange) -> Result<(), String> + 'static,
{
    /// One client, which connects again when its connection has broken.
    async fn client(self: Rc<Self>) {
        let mut connected = None;
        while let Some(number) = self.next() {
            let begin = Instant::now();
            let answer =
                match tokio::time::timeout(ANSWER_LIMIT, self.ask(&mut connected, number)).await {
                    Ok(answer) => answer.map_err(|error| format!("{error:#}")),
                    Err(_) => Err(format!("no answer within {ANSWER_LIMIT:?}")),
                };
            self.checked(&Exchange { number, begin, time: begin.elapsed(), answer });
            if !self.clients.pause.is_zero() {
                tokio::time::sleep(self.clients.pause).await;
            }
        }
    }

    fn next(&self) -> Option<usize> {
        let mut state = self.state.borrow_mut();
        let goes_on = match &self.clients.end {
            End::After(time) => self.begin.elapsed() < *time,
            End::Requests(n) => state.next < *n,
            End::Told(told) => !told.load(Ordering::Relaxed),
        };
        let number = state.next;
        state.next += usize::from(goes_on);
        goes_on.then_some(number)
    }

    async fn ask(
        &self,
        connected: &mut Option<SendRequest<Full<Bytes>>>,
        number: usize,
    ) -> Result<Response<Bytes>> {
        // A connection that the server has closed since its last answer is no failure.
        if let Some(sender) = connected
            && sender.ready().await.is_err()
        {
            *connected = None;
        }
        let mut sender = match connected.take() {
            Some(sender) => sender,
            None => self.clients.connect().await?,
        };
        let (head, body) = sender.send_request((self.request)(number)).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        *connected = Some(sender);
        Ok(Response::from_parts(head, body))
    }

    fn checked(&self, exchange: &Exchange) {
        let state = &mut *self.state.borrow_mut();
        match (state.check)(exchange) {
            Ok(()) => state.outcome.times.push(exchange.time),
            Err(reason) => *state.outcome.errors.entry(reason).or_default() += 1,
        }
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

    /// Closes every connection after its second answer; says so before if `told`.
    fn serve(listener: &TcpListener, told: bool) {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            for last in [false, told] {
                if stream.read(&mut request).unwrap_or(0) == 0 {
                    break;
                }
                let close = if last { "connection: close\r\n" } else { "" };
                let answer = format!("HTTP/1.1 200 OK\r\n{close}content-length: 2\r\n\r\nok");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
    }

    fn ten_requests(told: bool, mut check: impl FnMut(usize) -> bool + 'static) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let clients = Clients::new(listener.local_addr().unwrap(), 1, End::Requests(10));
        std::thread::spawn(move || serve(&listener, told));
        let get = |_| Request::get("/").header("host", "test").body(Full::default()).unwrap();
        run(&clients, get, move |exchange| {
            let answer = exchange.answer.as_ref().map_err(Clone::clone)?;
            assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, b"ok".as_slice()));
            if check(exchange.number) { Ok(()) } else { Err("not this one".to_owned()) }
        })
        .unwrap()
    }

    #[test]
    fn every_request_is_an_answer_or_an_error() {
        let outcome = ten_requests(false, |number| number > 0);
        assert_eq!(outcome.errors["not this one"], 1);
        let errors: u64 = outcome.errors.values().sum();
        assert_eq!(outcome.times.len() as u64 + errors, 10);
        assert!(outcome.times.len() >= 4, "{:?}", outcome.errors);
    }

    #[test]
    fn a_connection_that_ends_as_announced_fails_nothing() {
        let outcome = ten_requests(true, |_| true);
        assert_eq!((outcome.times.len(), outcome.errors), (10, BTreeMap::new()));
    }
}
