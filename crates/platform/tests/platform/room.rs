//! Values that nobody shares, what leaves its collection, and who guards it: rooms of a house.

use std::sync::atomic::{AtomicU32, Ordering};

use madang::{Aggregate, Collection, Context, Decision, Definition, Rejection};
use madang_testing::in_parallel;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rest::{Asked, Told, ask};
use crate::support::TestHost;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Room {
    id: u64,
    name: String,
    #[serde(default)]
    shut: bool,
}

#[derive(Deserialize)]
struct New {
    name: String,
}

enum Command {
    Open { id: u64, name: String },
    Rename(String),
    Shut,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Opened {
    id: u64,
}

madang::events! {
    /// What happens to a room.
    enum Event { Opened }
}

impl Aggregate for Room {
    const COLLECTION: &'static str = "rooms";
    const ENTITY: &'static str = "Room";
    const UNIQUE: &'static [&'static str] = &["name"];
    type Command = Command;
    type Event = Event;
    type Resource = Room;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Open { id, name }) => {
                Ok(Decision::told(Room { id, name, shut: false }, Opened { id }))
            }
            (Some(room), Command::Rename(name)) => Ok(Decision::quiet(Room { name, ..room })),
            (Some(room), Command::Shut) => Ok(Decision::quiet(Room { shut: true, ..room })),
            _ => Err(Rejection::MISSING),
        }
    }

    fn resource(&self) -> Option<Room> {
        Some(self.clone())
    }

    fn is_listed(&self) -> bool {
        !self.shut
    }
}

const FULL: Rejection = Rejection::later("the house is full; try again shortly");

struct Rooms;

impl Context for Rooms {
    fn define() -> Definition {
        let rooms = Collection::<Room>::new()
            .on_post(|id, New { name }| Command::Open { id, name })
            .on_put(|New { name }| Command::Rename(name))
            .on_delete(|| Command::Shut)
            .guarded_by(|env| {
                let full = env.number("rooms", u64::MAX);
                let open = Collection::<Room>::count(env, "shut", false)?;
                if open >= full { Err(FULL.into()) } else { Ok(()) }
            });
        Definition::new("room", "house").collection(rooms)
    }
}

fn open(host: &TestHost, name: &str) -> Told {
    ask::<Rooms>(host, Asked::post("/room/rooms", json!({"name": name})))
}

fn change(host: &TestHost, method: &str, room: &Told, body: Value) -> u16 {
    let path = format!("/room/rooms/{}", room.body["id"]);
    ask::<Rooms>(host, Asked::with_body(method, &path, body)).status
}

#[test]
fn a_value_that_another_has_is_refused() {
    let host = TestHost::new();
    let first = open(&host, "a");
    assert_eq!(first.status, 201);
    let refused = open(&host, "a");
    let detail = json!("there is one with the name \"a\" already");
    assert_eq!((refused.status, &refused.body["detail"]), (409, &detail));
    assert_eq!(open(&host, "b").status, 201);
    assert_eq!(change(&host, "PATCH", &first, json!({"name": "b"})), 409);
    assert_eq!(change(&host, "PATCH", &first, json!({"name": "a"})), 200, "its own is its own");
}

#[test]
fn a_value_that_was_given_up_is_free() {
    let host = TestHost::new();
    let room = open(&host, "old");
    assert_eq!(change(&host, "PUT", &room, json!({"name": "new"})), 200);
    assert_eq!(open(&host, "old").status, 201);
    assert_eq!(change(&host, "DELETE", &room, Value::Null), 204);
    assert_eq!(open(&host, "new").status, 201);
}

#[test]
fn of_many_who_want_a_value_at_once_one_gets_it() {
    let wins = AtomicU32::new(0);
    in_parallel(8, |_| {
        let host = TestHost::new();
        for round in 0..20 {
            match open(&host, &format!("wanted {round}")).status {
                201 => drop(wins.fetch_add(1, Ordering::Relaxed)),
                status => assert_eq!(status, 409),
            }
        }
    });
    assert_eq!(wins.into_inner(), 20);
}

#[test]
fn what_has_left_its_collection_is_found_by_its_id_alone() {
    let host = TestHost::new();
    let room = open(&host, "left");
    let listed = |host| {
        let page = ask::<Rooms>(host, Asked::get("/room/rooms?size=1000"));
        page.body["_embedded"]["rooms"].as_array().unwrap().iter().any(|one| one["name"] == "left")
    };
    assert!(listed(&host));
    assert_eq!(change(&host, "DELETE", &room, Value::Null), 204);
    assert!(!listed(&host));
    let found = ask::<Rooms>(&host, Asked::get(&format!("/room/rooms/{}", room.body["id"])));
    assert_eq!((found.status, &found.body["shut"]), (200, &json!(true)));
    assert_eq!(change(&host, "DELETE", &room, Value::Null), 204, "and again");
}

#[test]
fn a_guard_keeps_off_what_is_too_much() {
    let host = TestHost::new();
    host.set("rooms", "0");
    let refused = open(&host, "one more");
    assert_eq!((refused.status, &refused.body["detail"]), (503, &json!(FULL.detail)));
    assert!(refused.headers.contains(&("retry-after".to_owned(), "1".to_owned())));
    host.set("rooms", "1000000");
    assert_eq!(open(&host, "one more").status, 201);
}
