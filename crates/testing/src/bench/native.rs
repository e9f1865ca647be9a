//! The ceiling: book and rent as one native axum server without contexts, sandboxes or consumers, that
//! commits with the platform's own script the same keys and events. What WebAssembly, isolation and the
//! synchronous call cost is what BookRent on the host takes longer than this.

use crate::{
    args::{What, name},
    child::Served,
};
use anyhow::{Context, Result, ensure};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use redis::{AsyncCommands, Script, aio::MultiplexedConnection};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpListener;

const LOG: &str = "{bookrent}:log";
const HEAD: &str = "{bookrent}:log:head";
const BOOK: &str = "{bookrent}:book:";
const RENT: &str = "{bookrent}:rent:";

/// The variable that tells the server its Redis.
const REDIS: &str = "MADANG_BENCH_REDIS";

/// Starts it in a process of its own, on an empty Redis.
pub fn start(redis_url: &str) -> Result<Served> {
    let mut command = Command::new(std::env::current_exe()?);
    Served::started(command.arg(name(What::Native)).env(REDIS, redis_url))
}

/// Serves on a free port, which it prints, until standard input ends.
pub fn serve() -> Result<()> {
    let url = std::env::var(REDIS).context("the bench starts this server itself")?;
    // As axum's own documentation has it: a thread for each core, which share the work.
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let redis = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
        let script = Script::new(include_str!("../../../platform/src/scripts/commit.lua"));
        let shop = Arc::new(Shop { redis, script, ids: AtomicU64::new(0) });
        let routes = Router::new()
            .route("/bookrent/books/{id}", get(book))
            .route("/bookrent/books", post(register))
            .route("/bookrent/rents", post(rent))
            .with_state(shop);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let served = axum::serve(listener, routes);
        tokio::select! {
            served = served.into_future() => Ok(served?),
            // The read cannot be stopped: it ends with the process.
            () = async { let _ = tokio::task::spawn_blocking(crate::child::wait_for_end).await; } => Ok(()),
        }
    })
}

struct Shop {
    redis: MultiplexedConnection,
    script: Script,
    ids: AtomicU64,
}

/// What a commit does, as the platform packs it.
#[derive(Default)]
struct Commit {
    checks: Vec<String>,
    events: Vec<String>,
    commands: Vec<Vec<String>>,
}

impl Commit {
    fn check(&mut self, key: &str, field: &str, value: &str) {
        self.checks.extend([key, field, value].map(str::to_owned));
    }

    fn command(&mut self, words: &[&str]) {
        self.commands.push(words.iter().map(|word| (*word).to_owned()).collect());
    }

    /// An item of a sorted index: its members are in the order of their text.
    fn index(&mut self, field: &str, value: &str, id: u64) {
        self.command(&["ZADD", field, "0", &format!("{value}\0{id:022}")]);
    }

    fn event(&mut self, source: &str, kind: &str, subject: &str, saga: &str, data: &Value) {
        let mut data = data.clone();
        data["eventType"] = kind.into();
        data["timestamp"] = "20260101000000".into();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = humantime::format_rfc3339_millis(UNIX_EPOCH + now).to_string();
        let event = json!({
            "id": format!("{subject}@1"), "source": source, "specversion": "1.0", "type": kind,
            "subject": subject, "time": time, "datacontenttype": "application/json",
            "traceparent": format!("00-{saga}-{:016x}-01", 1), "correlationid": saga, "causationid": saga,
            "data": data,
        });
        self.events.extend([kind.to_owned(), event.to_string()]);
    }
}

impl Shop {
    async fn commit(&self, prefix: &str, commit: Commit) -> Result<()> {
        let mut redis = self.redis.clone();
        let mut call = self.script.prepare_invoke();
        call.key(prefix).key(LOG).key(HEAD).arg("bookrent");
        call.arg(rmp_serde::to_vec(&commit.checks)?);
        call.arg(rmp_serde::to_vec(&commit.events)?);
        call.arg(rmp_serde::to_vec(&commit.commands)?);
        let answer: (u64, u64) = call.invoke_async(&mut redis).await?;
        ensure!(answer.0 == 1, "somebody else was faster");
        Ok(())
    }

    async fn next(&self, key: &str) -> Result<u64> {
        Ok(self.redis.clone().incr(key, 1).await?)
    }

    /// The id of a saga.
    fn saga(&self) -> String {
        format!("{:032x}", self.ids.fetch_add(1, Ordering::Relaxed) + 1)
    }

    async fn register(&self, title: &str) -> Result<Value> {
        let id = self.next("{bookrent}:book:books:next").await?;
        let mut commit = Commit::default();
        let state = json!({"id": id, "title": title, "status": true, "rent_id": null}).to_string();
        let text = id.to_string();
        commit.command(&["HSET", &format!("books:{id}"), "v", "1", "d", &state]);
        commit.command(&["ZADD", "books:ids", &text, &text]);
        commit.index("books:by:title", title, id);
        commit.index("books:by:status", "1", id);
        let book = json!({"id": id, "title": title, "status": true});
        commit.event("/bookrent/book", "Registered", &format!("books/{id}"), &self.saga(), &book);
        self.commit(BOOK, commit).await?;
        Ok(book)
    }

    async fn rent(&self, asked: &Asked) -> Result<Value> {
        let (id, saga) = (self.next("{bookrent}:rent:rents:next").await?, self.saga());
        let text = id.to_string();
        let state = |status: &str| {
            let Asked { book_id, user_id, address } = asked;
            json!({
                "id": id, "book_id": book_id, "user_id": user_id, "address": address,
                "status": status, "owes_return": false,
            })
            .to_string()
        };
        let mut pending = Commit::default();
        let cause = json!({"id": saga, "correlation": saga, "traceparent": ""}).to_string();
        let item = format!("rents:{id}");
        pending.command(&["HSET", &item, "v", "1", "d", &state("Pending"), "c", &cause]);
        pending.command(&["DUE", "rents:intents", "5000", &text]);
        self.commit(RENT, pending).await?;

        let status = if self.take(asked.book_id, id).await? { "Rent" } else { "Fail" };
        let mut settled = Commit::default();
        settled.check(&item, "v", "1");
        settled.command(&["HSET", &item, "v", "2", "d", &state(status)]);
        settled.command(&["ZADD", "rents:ids", &text, &text]);
        settled.index("rents:by:bookId", &format!("{:020}", asked.book_id), id);
        settled.index("rents:by:userId", &format!("{:020}", asked.user_id), id);
        settled.index("rents:by:address", &asked.address, id);
        settled.index("rents:by:status", status, id);
        settled.command(&["ZREM", "rents:intents", &text]);
        let rent = json!({
            "id": id, "bookId": asked.book_id, "userId": asked.user_id, "address": asked.address,
            "status": status,
        });
        if status == "Rent" {
            settled.event("/bookrent/rent", "BookRented", &format!("rents/{id}"), &saga, &rent);
        }
        self.commit(RENT, settled).await?;
        Ok(rent)
    }

    /// What the context `book` does when it is asked.
    async fn take(&self, book: u64, rent: u64) -> Result<bool> {
        let mut redis = self.redis.clone();
        let once = format!("once:rents/{rent}");
        let _: Option<String> = redis.get(format!("{BOOK}{once}")).await?;
        let item = format!("books:{book}");
        let fields = ["v", "d", "k", "c"];
        let (version, state, ..): (u64, String, Option<String>, Option<String>) =
            redis.hmget(format!("{BOOK}{item}"), &fields).await?;
        let mut state: Value = serde_json::from_str(&state)?;
        let is_free = state["status"] == true;
        let mut commit = Commit::default();
        commit.check(&once, "", "");
        commit.check(&item, "v", &version.to_string());
        commit.command(&["SET", &once, if is_free { "true" } else { "false" }, "PX", "86400000"]);
        if is_free {
            state["status"] = false.into();
            state["rent_id"] = rent.into();
            let version = (version + 1).to_string();
            commit.command(&["HSET", &item, "v", &version, "d", &state.to_string()]);
            commit.command(&["ZREM", "books:by:status", &format!("1\0{book:022}")]);
            commit.index("books:by:status", "0", book);
        }
        self.commit(BOOK, commit).await?;
        Ok(is_free)
    }
}

#[derive(Deserialize)]
struct Book {
    title: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    book_id: u64,
    user_id: u64,
    address: String,
}

/// A resource as the contexts answer it.
fn resource(status: StatusCode, collection: &str, version: u64, mut item: Value) -> Response {
    let href = format!("http://127.0.0.1/bookrent/{collection}/{}", item["id"]);
    let name = collection.trim_end_matches('s');
    item["_links"] = json!({"self": {"href": href}, name: {"href": href}});
    let etag = format!("\"{version}\"");
    let headers = [(header::CONTENT_TYPE, "application/hal+json"), (header::ETAG, etag.as_str())];
    (status, headers, item.to_string()).into_response()
}

fn failed(error: &anyhow::Error) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response()
}

async fn book(State(shop): State<Arc<Shop>>, Path(id): Path<u64>) -> Response {
    let read = async {
        let fields = ["v", "d"];
        let key = format!("{BOOK}books:{id}");
        let (version, state): (u64, String) = shop.redis.clone().hmget(key, &fields).await?;
        let state: Value = serde_json::from_str(&state)?;
        let book = json!({"id": id, "title": state["title"], "status": state["status"]});
        anyhow::Ok(resource(StatusCode::OK, "books", version, book))
    };
    read.await.unwrap_or_else(|error| failed(&error))
}

async fn register(State(shop): State<Arc<Shop>>, Json(book): Json<Book>) -> Response {
    match shop.register(&book.title).await {
        Ok(book) => resource(StatusCode::CREATED, "books", 1, book),
        Err(error) => failed(&error),
    }
}

async fn rent(State(shop): State<Arc<Shop>>, Json(asked): Json<Asked>) -> Response {
    match shop.rent(&asked).await {
        Ok(rent) => resource(StatusCode::CREATED, "rents", 2, rent),
        Err(error) => failed(&error),
    }
}
