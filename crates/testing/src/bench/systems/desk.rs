//! Where requests are made and answers looked at.

use crate::{
    requests::expect,
    site::{Site, items},
};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use madang_testing::load::{self, Clients, End, Exchange, Outcome};
use serde_json::Value;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// So many at once, where the number of clients is not what is looked at.
pub const CLIENTS: usize = 32;

/// One request, without its server.
pub struct Asked {
    path: String,
    body: Option<Value>,
}

/// So many commands of one kind, each of its own work.
pub struct Commands {
    what: &'static str,
    count: usize,
    /// How many clients give them, unless a load says so.
    clients: usize,
    asked: Box<dyn Fn(usize) -> Asked>,
    good: fn(&Value) -> bool,
}

/// Commands without a body.
pub fn without_body(
    what: &'static str,
    count: usize,
    path: impl Fn(usize) -> String + 'static,
) -> Commands {
    let asked = move |number| Asked { path: path(number), body: None };
    Commands { what, count, clients: CLIENTS, asked: Box::new(asked), good: |_| true }
}

/// Commands with a body, whose answers have to be like this.
pub fn with_body(
    what: &'static str,
    count: usize,
    path: impl Fn(usize) -> String + 'static,
    body: impl Fn(usize) -> Value + 'static,
    good: fn(&Value) -> bool,
) -> Commands {
    let asked = move |number| Asked { path: path(number), body: Some(body(number)) };
    Commands { what, count, clients: CLIENTS, asked: Box::new(asked), good }
}

impl Commands {
    /// From so many clients at once: where all change one thing, more would refuse each other.
    pub fn by(self, clients: usize) -> Self {
        Self { clients, ..self }
    }
}

/// What came of requests of one kind.
pub struct Measured {
    /// As the documents write it: `POST /bookrent/rents`.
    pub what: &'static str,
    /// How many clients there were.
    pub clients: usize,
    /// How long they took. None failed.
    pub outcome: Outcome,
}

impl Measured {
    /// Answers per second.
    pub fn rate(&self) -> f64 {
        self.outcome.rate()
    }

    /// The slowest in a hundred, in milliseconds.
    pub fn p99(&self) -> f64 {
        self.outcome.percentile(0.99)
    }
}

/// A site, and what was measured there.
pub struct Desk<'s> {
    /// The site.
    pub site: &'s Site,
    /// How many commands of each kind.
    pub commands: usize,
    /// How long each read goes on.
    pub reads: Duration,
    /// In the order in which it was measured.
    pub measured: Vec<Measured>,
}

impl<'s> Desk<'s> {
    /// Where nothing was measured.
    pub fn new(site: &'s Site, commands: usize, reads: Duration) -> Self {
        Self { site, commands, reads, measured: Vec::new() }
    }

    /// Measures commands; gives the ids in their answers, in the order of the requests, 0 where there is none.
    ///
    /// # Errors
    /// The answers that are not what they should be.
    pub fn command(&mut self, commands: Commands) -> Result<Vec<u64>> {
        let (ids, measured) = self.load(commands.clients, commands)?;
        self.measured.push(measured);
        Ok(ids)
    }

    /// The same for so many clients, without keeping what was measured.
    ///
    /// # Errors
    /// The answers that are not what they should be.
    pub fn load(&self, clients: usize, commands: Commands) -> Result<(Vec<u64>, Measured)> {
        let Commands { what, count, asked, good, .. } = commands;
        let method = what.split(' ').next().unwrap_or_default();
        let host = self.site.address.to_string();
        let request = move |number| {
            let Asked { path, body } = asked(number);
            let request = Request::builder().method(method).uri(path).header("host", &host);
            let request = match &body {
                None => request,
                Some(_) => request.header("content-type", "application/json"),
            };
            let body = body.map(|body| Full::from(body.to_string())).unwrap_or_default();
            request.body(body).expect("a valid request")
        };
        let ids = Rc::new(RefCell::new(vec![0; count]));
        let check = {
            let ids = ids.clone();
            move |exchange: &Exchange| {
                if method == "DELETE" {
                    return expect(StatusCode::NO_CONTENT, exchange).map(drop);
                }
                // A collection's POST makes something, an action's does not.
                let answer = exchange.answer.as_ref().map_err(Clone::clone)?;
                let made = answer.status() == StatusCode::CREATED;
                let status = if made { StatusCode::CREATED } else { StatusCode::OK };
                let body = expect(status, exchange)?;
                let json: Value =
                    serde_json::from_slice(body).map_err(|error| format!("not JSON: {error}"))?;
                if !good(&json) {
                    return Err(format!("not what was asked for: {json}"));
                }
                ids.borrow_mut()[exchange.number] = json["id"].as_u64().unwrap_or(0);
                Ok(())
            }
        };
        let all = Clients::new(self.site.address, clients, End::Requests(count));
        let outcome = load::run(&all, request, check)?;
        ensure!(outcome.errors.is_empty(), "{what}: {:?}", outcome.errors);
        ensure!(outcome.times.len() == count, "{what}: {} of {count}", outcome.times.len());
        Ok((ids.take(), Measured { what, clients, outcome }))
    }

    /// Measures reads: each has to answer 200 and to have this text in it.
    ///
    /// # Errors
    /// The answers that are not what they should be.
    pub fn read(
        &mut self,
        what: &'static str,
        asked: impl Fn(usize) -> (String, String) + 'static,
    ) -> Result<()> {
        let measured = self.reads(CLIENTS, what, asked)?;
        self.measured.push(measured);
        Ok(())
    }

    /// The same for so many clients, without keeping what was measured.
    ///
    /// # Errors
    /// The answers that are not what they should be.
    pub fn reads(
        &self,
        clients: usize,
        what: &'static str,
        asked: impl Fn(usize) -> (String, String) + 'static,
    ) -> Result<Measured> {
        let (host, asked) = (self.site.address.to_string(), Rc::new(asked));
        let get = {
            let asked = asked.clone();
            move |number| -> Request<Full<Bytes>> {
                let request = Request::get(asked(number).0).header("host", &host);
                request.body(Full::default()).expect("a valid request")
            }
        };
        let check = move |exchange: &Exchange| {
            let body = expect(StatusCode::OK, exchange)?;
            let (path, text) = asked(exchange.number);
            let told = str::from_utf8(body).map_err(|error| error.to_string())?;
            if told.contains(&text) { Ok(()) } else { Err(format!("no {text} at {path}")) }
        };
        let all = Clients::new(self.site.address, clients, End::After(self.reads));
        let outcome = load::run(&all, get, check)?;
        ensure!(outcome.errors.is_empty(), "{what}: {:?}", outcome.errors);
        ensure!(!outcome.times.is_empty(), "{what}: nobody was answered");
        Ok(Measured { what, clients, outcome })
    }

    /// Measures reads of a collection: of each of its items by itself, and of twenty at once.
    ///
    /// # Errors
    /// The answers that are not what they should be.
    pub fn read_collection(&mut self, whats: [&'static str; 2], ids: &[u64]) -> Result<()> {
        let path = whats[1].trim_start_matches("GET ");
        let ids = some(ids)?;
        self.read(whats[0], move |number| {
            let id = ids[number % ids.len()];
            (format!("{path}/{id}"), format!("\"id\":{id},"))
        })?;
        self.read(whats[1], move |_| (format!("{path}?size=20"), "\"totalElements\":".to_owned()))
    }

    /// Every item of a collection, by following its pages.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn all(&self, system: &str, collection: &str) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        for page in 0.. {
            let path = format!("/{system}/{collection}?size=1000&page={page}&sort=id");
            let answer = self.site.client.get(&path);
            ensure!(answer.is_success(), "{answer}");
            let found = items(&answer.json(), collection);
            if found.is_empty() {
                break;
            }
            all.extend(found);
        }
        Ok(all)
    }

    /// The ids of every item of a collection.
    ///
    /// # Errors
    /// When it does not answer, or an item has none.
    pub fn ids(&self, system: &str, collection: &str) -> Result<Vec<u64>> {
        let all = self.all(system, collection)?.into_iter();
        all.map(|item| item["id"].as_u64().context("an item has no id")).collect()
    }
}

/// Those that were made, of which there has to be one.
fn some(ids: &[u64]) -> Result<Vec<u64>> {
    ensure!(!ids.is_empty() && !ids.contains(&0), "what is read was not made: {ids:?}");
    Ok(ids.to_vec())
}
