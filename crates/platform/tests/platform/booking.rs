//! What a neighbour may refuse or leave open: a booking of a hall.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use madang::call::Answered;
use madang::{Aggregate, Collection, Context, Decision, Definition, Env, Error, Rejection};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::rest::{Asked, Told, ask};
use crate::support::TestHost;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Status {
    Pending,
    Booked,
    Owing,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Booking {
    id: u64,
    name: String,
    status: Status,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Resource {
    id: u64,
    name: String,
}

#[derive(Deserialize)]
struct New {
    name: String,
}

enum Command {
    Request { id: u64, name: String },
    Confirm,
    Refuse,
    GiveUp { may_hold: bool },
    Returned,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Booked {
    id: u64,
}

madang::events! {
    /// What happens to a booking.
    enum Event { Booked }
}

const FULL: Rejection = Rejection::state("the hall is full");
const LATER: Rejection = Rejection::later("the hall does not answer; try again shortly");

impl Aggregate for Booking {
    const COLLECTION: &'static str = "bookings";
    const ENTITY: &'static str = "Booking";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let status = |status| move |booking| Decision::quiet(Booking { status, ..booking });
        match (state, command) {
            (None, Command::Request { id, name }) => {
                Ok(Decision::quiet(Booking { id, name, status: Status::Pending }))
            }
            (Some(booking), Command::Confirm) => {
                let told = Booked { id: booking.id };
                Ok(Decision::told(Booking { status: Status::Booked, ..booking }, told))
            }
            (Some(_), Command::Refuse) => Ok(Decision::removed().refusing(FULL)),
            (Some(booking), Command::GiveUp { may_hold: true }) => {
                Ok(status(Status::Owing)(booking).refusing(LATER))
            }
            (Some(_), Command::GiveUp { may_hold: false }) => {
                Ok(Decision::removed().refusing(LATER))
            }
            (Some(_), Command::Returned) => Ok(Decision::removed()),
            _ => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Resource> {
        (self.status == Status::Booked).then(|| Resource { id: self.id, name: self.name.clone() })
    }

    fn is_intent(&self) -> bool {
        self.status != Status::Booked
    }
}

fn settle(booking: &Booking, env: &Env) -> Result<Command, Error> {
    let key = format!("bookings/{}", booking.id);
    if booking.status == Status::Owing {
        return env.call("hall", "give-back", &key, &booking.id).map(|()| Command::Returned);
    }
    match env.call("hall", "take", &key, &booking.id) {
        Ok(true) => Ok(Command::Confirm),
        Ok(false) => Ok(Command::Refuse),
        Err(Error::Unasked(_)) => Ok(Command::GiveUp { may_hold: false }),
        Err(_) => Ok(Command::GiveUp { may_hold: true }),
    }
}

struct Bookings;

impl Context for Bookings {
    fn define() -> Definition {
        let bookings = Collection::<Booking>::new()
            .on_post(|id, New { name }| Command::Request { id, name })
            .settled_by(settle);
        Definition::new("booking", "hall-keeper").calls(&["hall"]).collection(bookings)
    }
}

/// A host, and the right to be alone: one test's `ready` would settle another's intents.
fn host() -> (TestHost, MutexGuard<'static, ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let host = TestHost::new();
    for key in host.ask(&["KEYS", "{booking}:*"]) {
        host.ask(&["DEL", &key.text().unwrap()]);
    }
    host.set("base_url", "http://hall");
    host.set("service_token", "token");
    host.set("call_retries", "0");
    (host, alone)
}

fn hall(host: &TestHost, answer: Result<bool, &'static str>) {
    *host.neighbour.borrow_mut() = Some(Box::new(move |asked| {
        let taking = asked.url.ends_with("/take");
        let body = if taking { answer?.to_string() } else { answer.map(|_| "null".to_owned())? };
        Ok(Answered { status: 200, body: body.into_bytes(), ..Answered::default() })
    }));
}

fn book(host: &TestHost, name: &str) -> Told {
    ask::<Bookings>(host, Asked::post("/booking/bookings", json!({"name": name})))
}

fn book_once(host: &TestHost, name: &str) -> Told {
    let asked = Asked::post("/booking/bookings", json!({"name": name}));
    ask::<Bookings>(
        host,
        asked.header("idempotency-key", &format!("key of {name}").replace(' ', "-")),
    )
}

fn ready(host: &TestHost) {
    for id in host.ask(&["ZRANGE", "{booking}:hall-keeper:bookings:intents", "0", "-1"]) {
        host.ask(&["ZADD", "{booking}:hall-keeper:bookings:intents", "1", &id.text().unwrap()]);
    }
    assert_eq!(
        ask::<Bookings>(host, Asked::get("/booking/-/hall-keeper/health/ready")).status,
        200
    );
}

/// The ids of what is stored, seen or not.
fn stored(host: &TestHost) -> usize {
    let keys = host.ask(&["KEYS", "{booking}:hall-keeper:bookings:[0-9]*"]);
    keys.len()
}

#[test]
fn what_the_neighbour_refuses_is_refused_and_nothing_is_stored() {
    let (host, _alone) = host();
    hall(&host, Ok(false));
    let refused = book(&host, "a");
    assert_eq!((refused.status, &refused.body["detail"]), (409, &json!("the hall is full")));
    assert_eq!(stored(&host), 0);
    ready(&host);
    hall(&host, Ok(true));
    assert_eq!(book(&host, "a").status, 201);
}

#[test]
fn what_the_neighbour_may_have_done_is_given_back_when_it_is_there_again() {
    let (host, _alone) = host();
    hall(&host, Err("no answer"));
    let refused = book(&host, "a");
    assert_eq!((refused.status, &refused.body["detail"]), (503, &json!(LATER.detail)));
    assert!(refused.headers.contains(&("retry-after".to_owned(), "1".to_owned())));
    let listed = ask::<Bookings>(&host, Asked::get("/booking/bookings"));
    assert_eq!(listed.body["_embedded"]["bookings"], json!([]));
    ready(&host);
    assert_eq!(stored(&host), 1, "it still owes");
    hall(&host, Ok(true));
    ready(&host);
    assert_eq!(stored(&host), 0);
}

#[test]
fn what_the_neighbour_was_not_asked_owes_nothing() {
    let (host, _alone) = host();
    hall(&host, Err("no answer"));
    host.set("breaker_calls", "1");
    book(&host, "a");
    hall(&host, Ok(true));
    ready(&host);
    let before = stored(&host);
    assert_eq!(book(&host, "b").status, 503);
    assert_eq!(stored(&host), before);
}

#[test]
fn a_key_gets_a_refusal_again_and_may_try_anew_what_could_not_be_done() {
    let (host, _alone) = host();
    hall(&host, Ok(false));
    assert_eq!(book_once(&host, "full").status, 409);
    hall(&host, Err("no answer"));
    assert_eq!(book_once(&host, "late").status, 503);
    hall(&host, Ok(true));
    assert_eq!(book_once(&host, "full").status, 409);
    let booked = book_once(&host, "late");
    assert_eq!(booked.status, 201);
    assert_eq!(book_once(&host, "late").body, booked.body);
}

#[test]
fn a_key_whose_request_crashed_is_refused_as_it_would_have_been() {
    let (host, _alone) = host();
    *host.neighbour.borrow_mut() = Some(Box::new(|_| panic!("the component is killed")));
    assert!(catch_unwind(AssertUnwindSafe(|| book_once(&host, "crashed"))).is_err());
    hall(&host, Ok(false));
    ready(&host);
    let refused = book_once(&host, "crashed");
    assert_eq!((refused.status, &refused.body["detail"]), (409, &json!("the hall is full")));
    assert_eq!(stored(&host), 0);
}
