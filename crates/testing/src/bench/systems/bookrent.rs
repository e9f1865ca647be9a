//! BookRent: people rent books.

use super::{
    desk::{CLIENTS, Commands, Desk, with_body, without_body},
    trade::{Begun, Facts, Reads, Trade, ask, take},
};
use crate::site::Site;
use anyhow::{Result, ensure};
use madang_testing::{
    Client,
    bookrent::{HEARING, asking},
};
use serde_json::{Value, json};

const BOOKS: &str = "/bookrent/books";
const RENTS: &str = "/bookrent/rents";
/// How many people rent.
const USERS: usize = 1000;

/// See above.
#[derive(Default)]
pub struct BookRentals {
    free: Vec<u64>,
    rents: Vec<u64>,
}

impl BookRentals {
    /// Has these books rented before others.
    pub fn free(&mut self, books: Vec<u64>) {
        self.free.extend(books);
    }

    /// Waits until every consumer has handled the whole log.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn settle(&self, site: &Site) -> Result<()> {
        site.settle(self.facts().name, &HEARING)
    }
}

impl Trade for BookRentals {
    fn facts(&self) -> Facts {
        Facts {
            name: "bookrent",
            title: "BookRent",
            hearing: &["delivery", "book", "view"],
            asked: &["book"],
            saga: "`POST /bookrent/rents` → `Delivery Started`",
            main: ("books", "book"),
        }
    }

    fn measure(&mut self, desk: &mut Desk) -> Result<()> {
        let (count, system) = (desk.commands, self.facts().name);
        let books = desk.command(self.create(count))?;
        let title = |number| json!({"title": format!("Changed {number}"), "status": true});
        let (of, same) = (books.clone(), books.clone());
        let path = move |number| format!("{BOOKS}/{}", of[number]);
        desk.command(with_body("PUT /bookrent/books/{id}", count, path, title, |book| {
            book["title"].as_str().is_some_and(|title| title.starts_with("Changed"))
        }))?;
        let path = move |number| format!("{BOOKS}/{}", same[number]);
        let title = |number| json!({"title": format!("Again {number}")});
        desk.command(with_body("PATCH /bookrent/books/{id}", count, path, title, |book| {
            book["title"].as_str().is_some_and(|title| title.starts_with("Again"))
        }))?;
        self.settle(desk.site)?;

        self.free.clone_from(&books);
        let rents = desk.command(self.main(count))?;
        self.settle(desk.site)?;
        desk.read_collection(["GET /bookrent/books/{id}", "GET /bookrent/books"], &books)?;
        desk.read_collection(["GET /bookrent/rents/{id}", "GET /bookrent/rents"], &rents)?;
        let ids = desk.ids(system, "deliveries")?;
        ensure!(ids.len() == count, "{} deliveries of {count} rents", ids.len());
        let whats = ["GET /bookrent/deliveries/{id}", "GET /bookrent/deliveries"];
        desk.read_collection(whats, &ids)?;
        let ids = desk.ids(system, "views")?;
        desk.read_collection(["GET /bookrent/views/{id}", "GET /bookrent/views"], &ids)?;
        self.made(rents.clone());
        let (what, view) = self.view();
        desk.read(what, view)?;
        desk.read("GET /bookrent/views/search/findByUserId", move |number| {
            let user = number % count.min(USERS) + 1;
            let path = format!("/bookrent/views/search/findByUserId?userId={user}");
            (path, format!("\"userId\":{user}"))
        })?;

        let cancel = |_| json!({"status": "Cancel"});
        let of = rents.clone();
        let path = move |number| format!("{RENTS}/{}", of[number]);
        let is_cancelled = |rent: &Value| rent["status"] == "Cancel";
        let what = "PATCH /bookrent/rents/{id}";
        desk.command(with_body(what, count, path, cancel, is_cancelled))?;
        self.settle(desk.site)?;
        let path = move |number| format!("{RENTS}/{}", rents[number]);
        desk.command(without_body("DELETE /bookrent/rents/{id}", count, path))?;
        let books = desk.ids(system, "books")?;
        let path = move |number| format!("{BOOKS}/{}", books[number]);
        desk.command(without_body("DELETE /bookrent/books/{id}", count, path))?;
        self.settle(desk.site)
    }

    fn supply(&mut self, desk: &Desk, count: usize) -> Result<()> {
        let (books, _) = desk.load(CLIENTS, self.create(count))?;
        self.free.extend(books);
        self.settle(desk.site)
    }

    fn main(&mut self, count: usize) -> Commands {
        let books = take(&mut self.free, count);
        let body = move |number: usize| asking(books[number], (number % USERS) as u64 + 1);
        let rented = |rent: &Value| rent["status"] == "Rent";
        with_body("POST /bookrent/rents", count, |_| RENTS.to_owned(), body, rented)
    }

    fn view(&self) -> (&'static str, Reads) {
        let rents = self.rents.clone();
        let read = move |number: usize| {
            let rent = rents[number % rents.len()];
            let path = format!("/bookrent/views/search/findByRentId?rentId={rent}");
            (path, format!("\"rentId\":{rent},"))
        };
        ("GET /bookrent/views/search/findByRentId", Box::new(read))
    }

    fn made(&mut self, ids: Vec<u64>) {
        self.rents = ids;
    }

    fn begin(&mut self, client: &Client) -> Result<Begun> {
        let book = take(&mut self.free, 1)[0];
        let rent = ask(client, "POST", RENTS, asking(book, 1))?;
        ensure!(rent["status"] == "Rent", "a free book was not rented: {rent}");
        Ok(Begun {
            path: format!("/bookrent/views/search/findByRentId?rentId={}", rent["id"]),
            is_settled: Box::new(|page| {
                page["_embedded"]["views"][0]["deliveryStatus"] == "Delivery Started"
            }),
        })
    }

    fn create(&mut self, count: usize) -> Commands {
        let body = |number| json!({"title": format!("Book {number}"), "status": true});
        let is_free = |book: &Value| book["status"] == true;
        with_body("POST /bookrent/books", count, |_| BOOKS.to_owned(), body, is_free)
    }
}
