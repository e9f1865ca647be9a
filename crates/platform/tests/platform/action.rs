//! What is asked off the collections, plain arrays, second names, searches by text: a ledger's tills.

use std::cell::Cell;

use madang::{
    Aggregate, Answer, Collection, Context, Decision, Definition, Env, Error, Rejection, Work,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rest::{Asked, Told, ask};
use crate::support::TestHost;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    id: u64,
    till: String,
    amount: i64,
}

#[derive(Deserialize)]
struct New {
    till: String,
    amount: i64,
}

enum Command {
    Book { id: u64, entry: New },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Booked {
    id: u64,
}

madang::events! {
    /// What happens to an entry.
    enum Event { Booked }
}

impl Aggregate for Entry {
    const COLLECTION: &'static str = "entries";
    const ENTITY: &'static str = "Entry";
    type Command = Command;
    type Event = Event;
    type Resource = Entry;

    fn decide(_: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        let Command::Book { id, entry: New { till, amount } } = command;
        if amount == 0 {
            return Err(Rejection::invalid("amount", amount, "must not be 0"));
        }
        Ok(Decision::told(Entry { id, till, amount }, Booked { id }).telling(Booked { id: 0 }))
    }

    fn resource(&self) -> Option<Entry> {
        Some(self.clone())
    }
}

/// What all tills hold; nobody sees it in a collection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Balance {
    total: i64,
}

impl Aggregate for Balance {
    const COLLECTION: &'static str = "balances";
    const ENTITY: &'static str = "Balance";
    type Command = i64;
    type Event = Event;
    type Resource = Balance;

    fn decide(state: Option<Self>, amount: i64) -> Result<Decision<Self>, Rejection> {
        let total = state.unwrap_or_default().total + amount;
        if total < 0 {
            return Err(Rejection::state("there is not so much"));
        }
        Ok(Decision::quiet(Balance { total }))
    }

    fn resource(&self) -> Option<Balance> {
        None
    }
}

fn balance(work: &mut Work, entry: &Entry) -> Result<(), Error> {
    work.decide::<Balance>(1, entry.amount).map(drop)
}

fn book(work: &mut Work, asked: &New) -> Result<Entry, Error> {
    let New { till, amount } = asked;
    let command = |id| Ok(Command::Book { id, entry: New { till: till.clone(), amount: *amount } });
    let (_, entry) = work.create::<Entry>(command)?;
    let entry = entry.ok_or(Rejection::MISSING)?;
    balance(work, &entry)?;
    Ok(entry)
}

fn total(env: &Env) -> Result<Answer<Balance>, Error> {
    Answer::of(&Work::new(env).load::<Balance>(1)?.unwrap_or_default())
}

fn estimate(_: &Env, asked: &New) -> Result<Answer<Vec<i64>>, Error> {
    Ok(Answer::of(&vec![asked.amount])?.with("x-fallback", "none"))
}

/// A note for each till, which those that write on it share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Note {
    id: u64,
    text: String,
    by: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Writing {
    text: String,
    by: Option<String>,
}

impl Aggregate for Note {
    const COLLECTION: &'static str = "notes";
    const ENTITY: &'static str = "Note";
    type Command = Writing;
    type Event = Event;
    type Resource = Note;

    fn decide(_: Option<Self>, Writing { text, by }: Writing) -> Result<Decision<Self>, Rejection> {
        if text.is_empty() {
            return Err(Rejection::state("there is nothing to write"));
        }
        Ok(Decision::quiet(Note { id: 1, text, by }))
    }

    fn resource(&self) -> Option<Note> {
        Some(self.clone())
    }
}

fn notes() -> Collection<Note> {
    Collection::new()
        .on_post_to(
            |_, writing: &Writing| {
                if writing.by.is_some() { Ok(1) } else { Err(Rejection::MISSING.into()) }
            },
            |writing| writing,
        )
        .on_patch(|writing: Writing| writing)
}

struct Ledger;

impl Context for Ledger {
    fn define() -> Definition {
        let entries = Collection::<Entry>::new()
            .on_post(|id, entry| Command::Book { id, entry })
            .together_with(balance)
            .values_as_text(&["amount"])
            .search_text("findByTill", "till")
            .also_at("bookings")
            .array_at("entry/list", "till");
        Definition::new("ledger", "till")
            .collection(notes())
            .conceals(&["till"], |text| text.contains("8903092"))
            .collection(entries)
            .command("till/book", book)
            .question("till/estimate", estimate)
            .query("total", total)
    }
}

/// A host on which nothing is booked; tests of this file share a system, so each has its own till.
fn post(host: &TestHost, path: &str, body: Value) -> Told {
    ask::<Ledger>(host, Asked::post(path, body))
}

fn entry(till: &str, amount: i64) -> Value {
    json!({"till": till, "amount": amount})
}

fn get(host: &TestHost, path: &str) -> Told {
    ask::<Ledger>(host, Asked::get(path))
}

fn header<'t>(told: &'t Told, name: &str) -> Option<&'t str> {
    told.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn of_till(host: &TestHost, till: &str) -> Value {
    get(host, &format!("/ledger/entry/list/{till}")).body
}

fn amounts(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|entry| entry["amount"].as_i64().unwrap()).collect()
}

#[test]
fn a_command_is_one_commit_and_answers_with_its_record() {
    let host = TestHost::new();
    let booked = post(&host, "/ledger/till/book", entry("commands", 3));
    assert_eq!((booked.status, &booked.body["amount"]), (200, &json!(3)));
    assert_eq!(header(&booked, "content-type"), Some("application/json"));
    let refused = post(&host, "/ledger/till/book", entry("commands", i64::MIN / 2));
    assert_eq!((refused.status, &refused.body["detail"]), (409, &json!("there is not so much")));
    assert_eq!(amounts(&of_till(&host, "commands")), [3], "nothing of what was refused is stored");
}

#[test]
fn a_command_keeps_its_answer_for_its_key() {
    let host = TestHost::new();
    let keyed = |amount, key: &str| {
        let asked = Asked::post("/ledger/till/book", entry("keys", amount));
        ask::<Ledger>(&host, asked.header("idempotency-key", key))
    };
    let first = keyed(4, "k1");
    let again = keyed(4, "k1");
    assert_eq!((first.status, again.status, &again.body), (200, 200, &first.body));
    assert_eq!(keyed(5, "k1").status, 422);
    assert_eq!(keyed(i64::MIN / 2, "k2").status, 409);
    let refused = keyed(i64::MIN / 2, "k2");
    assert_eq!((refused.status, &refused.body["detail"]), (409, &json!("there is not so much")));
    assert_eq!((keyed(0, "k3").status, keyed(6, "k3").status), (400, 200));
    assert_eq!(amounts(&of_till(&host, "keys")), [4, 6]);
}

#[test]
fn questions_and_queries_answer_what_they_are_asked() {
    let host = TestHost::new();
    let estimated = post(&host, "/ledger/till/estimate", entry("any", 9));
    assert_eq!((estimated.status, &estimated.body), (200, &json!([9])));
    assert_eq!(header(&estimated, "x-fallback"), Some("none"));
    assert!(get(&host, "/ledger/total").body["total"].is_i64());
    for (method, path, allow) in [
        ("GET", "/ledger/till/book", "POST, OPTIONS"),
        ("GET", "/ledger/till/estimate", "POST, OPTIONS"),
        ("DELETE", "/ledger/total", "GET, HEAD, OPTIONS"),
    ] {
        let told = ask::<Ledger>(&host, Asked::with_body(method, path, json!({})));
        assert_eq!((told.status, header(&told, "allow")), (405, Some(allow)), "{method} {path}");
    }
    assert_eq!(
        ask::<Ledger>(&host, Asked::with_body("HEAD", "/ledger/total", json!({}))).status,
        200
    );
    assert_eq!(post(&host, "/ledger/till/burn", entry("any", 9)).status, 404);
    let no_json =
        ask::<Ledger>(&host, Asked::get("/ledger/till").header("content-type", "text/plain"));
    assert_eq!(no_json.status, 404);
}

#[test]
fn actions_count_towards_the_limit_of_requests() {
    let host = TestHost::new();
    host.set("rate_limit", "1");
    assert_eq!(get(&host, "/ledger/total").status, 200);
    assert_eq!(get(&host, "/ledger/total").status, 429);
    assert_eq!(
        post(&host, "/ledger/till/estimate", entry("any", 1)).status,
        200,
        "it counts by itself"
    );
}

#[test]
fn what_changes_together_with_a_post_is_the_same_commit() {
    let host = TestHost::new();
    let before = get(&host, "/ledger/total").body["total"].as_i64().unwrap();
    assert_eq!(post(&host, "/ledger/entries", entry("together", 5)).status, 201);
    let refused = post(&host, "/ledger/entries", entry("together", i64::MIN / 2));
    assert_eq!(refused.status, 409);
    assert_eq!(amounts(&of_till(&host, "together")), [5]);
    // Others book as well meanwhile, but nobody takes out.
    assert!(get(&host, "/ledger/total").body["total"].as_i64().unwrap() >= before + 5);
}

#[test]
fn an_array_is_paged_by_a_link() {
    let host = TestHost::new();
    for amount in [3, -1, 2, -2] {
        assert_eq!(post(&host, "/ledger/entries", entry("종이 배열", amount)).status, 201);
    }
    let till = "%EC%A2%85%EC%9D%B4%20%EB%B0%B0%EC%97%B4";
    assert_eq!(amounts(&of_till(&host, till)), [3, -1, 2, -2]);
    let sorted = get(&host, &format!("/ledger/entry/list/{till}?sort=amount"));
    assert_eq!(amounts(&sorted.body), [-2, -1, 2, 3]);
    assert_eq!(header(&sorted, "link"), None);
    let first = get(&host, &format!("/ledger/entry/list/{till}?size=3&sort=amount,desc"));
    assert_eq!(amounts(&first.body), [3, 2, -1]);
    let next = header(&first, "link").unwrap().strip_prefix("<http://h").unwrap();
    let next = next.strip_suffix(">; rel=\"next\"").unwrap();
    assert_eq!(amounts(&get(&host, next).body), [-2]);
    assert_eq!(of_till(&host, "nobody"), json!([]));
    assert!(get(&host, "/ledger/entry/list").body.as_array().unwrap().len() >= 4);
    assert_eq!(get(&host, "/ledger/entry/list?sort=colour").status, 400);
    assert_eq!(get(&host, "/ledger/entry/list/a/b").status, 404);
}

#[test]
fn all_amounts_sort_those_below_zero_first() {
    let host = TestHost::new();
    for amount in [1, -3, 20, -20] {
        post(&host, "/ledger/entries", entry("sorting", amount));
    }
    let page = get(&host, "/ledger/entries?sort=amount&size=1000").body;
    assert!(amounts(&page["_embedded"]["entries"]).is_sorted());
}

#[test]
fn text_is_searched_for_and_must_be_given() {
    let host = TestHost::new();
    post(&host, "/ledger/entries", entry("searched 1", 1));
    let found = get(&host, "/ledger/entries/search/findByTill?till=searched+1");
    assert_eq!(amounts(&found.body["_embedded"]["entries"]), [1]);
    let found = get(&host, "/ledger/entries/search/findByTill?till=searched");
    assert_eq!(found.body["page"]["totalElements"], 0);
    let refused = get(&host, "/ledger/entries/search/findByTill");
    assert_eq!((refused.status, &refused.body["errors"][0]["property"]), (400, &json!("till")));
}

#[test]
fn a_second_name_leads_to_the_same_collection() {
    let host = TestHost::new();
    let booked = post(&host, "/ledger/bookings", entry("second", 2));
    assert_eq!(booked.status, 201);
    let location = header(&booked, "location").unwrap().strip_prefix("http://h").unwrap();
    assert!(location.starts_with("/ledger/entries/"));
    let id = location.rsplit('/').next().unwrap();
    assert_eq!(get(&host, &format!("/ledger/bookings/{id}")).body["till"], "second");
    assert_eq!(get(&host, "/ledger/bookings/search/findByTill?till=second").status, 200);
}

#[test]
fn text_stands_for_a_number_where_that_is_said() {
    let host = TestHost::new();
    let booked = post(&host, "/ledger/entries", json!({"till": "text", "amount": "12"}));
    assert_eq!((booked.status, &booked.body["amount"]), (201, &json!(12)));
    let refused = post(&host, "/ledger/entries", json!({"till": "text", "amount": "twelve"}));
    assert_eq!(refused.body["errors"][0]["invalidValue"], "twelve");
}

#[test]
fn what_is_concealed_is_not_repeated() {
    let host = TestHost::new();
    let seen = Cell::new(0);
    for secret in [json!(8_903_092), json!(["8903092"]), json!({"8903092": true})] {
        for path in ["/ledger/till/book", "/ledger/till/estimate", "/ledger/entries"] {
            let refused = post(&host, path, json!({"till": secret, "amount": 1}));
            assert_eq!(
                (refused.status, &refused.body["errors"][0]["property"]),
                (400, &json!("till"))
            );
            assert!(!refused.body.to_string().contains("8903092"), "{}", refused.body);
            seen.set(seen.get() + 1);
        }
    }
    assert_eq!(seen.get(), 9);
}

#[test]
fn what_is_concealed_has_no_place_outside_the_body() {
    let host = TestHost::new();
    let get = |path: &str| Asked::get(path);
    for asked in [
        get("/ledger/entries/8903092"),
        get("/ledger/%38903092"),
        get("/ledger/entries?sort=8903092"),
        get("/ledger/total").header("x-correlation-id", "for-8903092"),
        Asked::post("/ledger/till/book", entry("any", 1)).header("idempotency-key", "8903092"),
    ] {
        let refused = ask::<Ledger>(&host, asked);
        assert_eq!((refused.status, &refused.body["instance"]), (400, &json!("/ledger")));
        assert!(!format!("{:?} {}", refused.headers, refused.body).contains("8903092"));
    }
}

#[test]
fn a_post_can_be_for_what_is_there_and_a_patch_mean_what_it_leaves_out() {
    let host = TestHost::new();
    let write = |body: Value| {
        ask::<Ledger>(&host, Asked::post("/ledger/notes", body).header("idempotency-key", "note"))
    };
    assert_eq!(write(json!({"text": "a"})).status, 404);
    let first = write(json!({"text": "a"}));
    assert_eq!(first.status, 404, "a key whose request found nothing can be tried again");
    let body = json!({"text": "a", "by": "b"});
    let keyed = Asked::post("/ledger/notes", body.clone()).header("idempotency-key", "written");
    let written = ask::<Ledger>(&host, keyed);
    assert_eq!(
        (written.status, header(&written, "location")),
        (201, Some("http://h/ledger/notes/1"))
    );
    let patch = |body| ask::<Ledger>(&host, Asked::with_body("PATCH", "/ledger/notes/1", body));
    let patched = patch(json!({"text": "c"}));
    assert_eq!((patched.status, &patched.body["by"]), (200, &Value::Null), "nobody's, not b's");
    let keyed = Asked::post("/ledger/notes", body).header("idempotency-key", "written");
    assert_eq!(ask::<Ledger>(&host, keyed).body["by"], "b", "the first answer");
    assert_eq!(get(&host, "/ledger/notes/1").body["text"], "c");
    let put = ask::<Ledger>(&host, Asked::with_body("PUT", "/ledger/notes/1", json!({})));
    let allow = header(&put, "allow");
    assert_eq!((put.status, allow), (405, Some("GET, HEAD, OPTIONS, PATCH")));
}

#[test]
fn a_context_says_what_it_serves() {
    let host = TestHost::new();
    let routes = get(&host, "/ledger/-/till/routes").body;
    assert_eq!((&routes["system"], &routes["context"]), (&json!("ledger"), &json!("till")));
    assert_eq!(routes["tells"], json!(["Booked", "Booked"]), "once for each collection");
    assert_eq!((&routes["hears"], &routes["calls"]), (&json!([]), &json!([])));
    let entries = &routes["collections"][1];
    let named = |value: &Value, record: &str| value.as_str().unwrap().ends_with(record);
    assert!(named(&entries["resource"], "action::Entry"), "{entries}");
    assert!(named(&entries["post"], "action::New"), "{entries}");
    assert_eq!((&entries["put"], &entries["delete"]), (&Value::Null, &json!(false)));
    assert_eq!((&entries["name"], &entries["also"]), (&json!("entries"), &json!("bookings")));
    let search = json!([{"name": "findByTill", "field": "till", "text": true}]);
    let array = json!([{"path": "entry/list", "field": "till"}]);
    assert_eq!((&entries["searches"], &entries["arrays"]), (&search, &array));
    assert_eq!(entries["valuesAsText"], json!(["amount"]));
    let notes = &routes["collections"][0];
    assert!(named(&notes["post"], "action::Writing") && named(&notes["patch"], "action::Writing"));
    let kinds: Vec<_> = routes["actions"].as_array().unwrap().iter().map(|a| &a["kind"]).collect();
    assert_eq!(kinds, ["command", "question", "query"]);
    assert!(named(&routes["actions"][1]["answer"], "Vec<i64>"));
}
