//! A client that knows where a system begins and nothing more: it goes on by the links that it is given (HAL).

use madang_testing::system::System;
use madang_testing::{Answer, Client};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many items a collection must have for its pages to be worth turning.
const TURNED: usize = 2;

/// The client, and the resource that it began with.
#[derive(Debug)]
pub struct Hal<'s> {
    client: &'s Client,
    root: Value,
}

/// The rows of a collection, as its pages gave them.
struct Collection {
    /// What they are called where they are embedded.
    name: String,
    /// The rows, in order.
    rows: Vec<Value>,
    /// Where its searches are listed.
    searches: Option<String>,
}

impl<'s> Hal<'s> {
    /// Begins with the root of a system: the one path that is known.
    #[track_caller]
    pub fn of(system: &'s System) -> Self {
        let root = system.client.get(&format!("/{}", system.name)).expect(200).json();
        Hal { client: &system.client, root }
    }

    /// Where the root says that something is, with nothing asked of it.
    #[track_caller]
    pub fn at(&self, name: &str) -> String {
        link(&self.root, name, &[])
    }

    /// Adds to a collection of the root's, reads back what was added, and gives it with its links.
    #[track_caller]
    pub fn add(&self, collection: &str, body: Value) -> Value {
        let added = self.client.post(&self.at(collection), body).expect(201);
        assert_eq!(added.location(), link(&added.json(), "self", &[]), "{added}");
        let found = self.read(&added.json());
        assert_eq!(found.json(), added.json());
        found.json()
    }

    /// Has the root's action done, and gives what it answers.
    #[track_caller]
    pub fn ask(&self, action: &str, body: Value) -> Value {
        self.client.post(&self.at(action), body).expect(200).json()
    }

    /// What there is of an item now, by its link to itself.
    #[track_caller]
    pub fn read(&self, item: &Value) -> Answer {
        self.client.get(&link(item, "self", &[])).expect(200)
    }

    /// Changes an item as it was read: what others have changed since is not changed again.
    #[track_caller]
    pub fn change(&self, item: &Value, fields: Value) -> Value {
        let seen = self.read(item);
        let tag = seen.header("etag").unwrap_or_else(|| panic!("no ETag\n{seen}"));
        let client = self.client.with("if-match", tag);
        let changed = client.patch(&link(item, "self", &[]), fields.clone()).expect(200);
        // 409 where it would be refused without the tag, too.
        let stale = client.patch(&link(item, "self", &[]), fields);
        assert!([409, 412].contains(&stale.status), "{stale}");
        assert_eq!(self.read(item).json(), changed.json());
        changed.json()
    }

    /// Removes an item.
    #[track_caller]
    pub fn remove(&self, item: &Value) {
        let _ = self.client.delete(&link(item, "self", &[])).expect(204);
    }

    /// The rows of a collection of the root's.
    #[track_caller]
    pub fn rows(&self, collection: &str) -> Vec<Value> {
        self.pages(&self.at(collection)).rows
    }

    /// The rows of the root's collection that a search by a field finds.
    #[track_caller]
    pub fn search(&self, collection: &str, search: &str, value: &Value) -> Vec<Value> {
        let searches = self.pages(&self.at(collection)).searches.expect("it has searches");
        let listed = self.client.get(&searches).expect(200).json();
        self.found(&listed, search, value)
    }

    /// Turns all pages of all that the root links to, reads each row by its own link, and finds each by each
    /// search; gives the names of the collections that had pages to turn.
    ///
    /// # Panics
    /// Where a link leads to something else than it says.
    #[track_caller]
    pub fn walk(&self) -> BTreeSet<String> {
        let mut turned = BTreeSet::new();
        let links = self.root["_links"].as_object().expect("links");
        let templated = links.iter().filter(|(_, link)| link["templated"] == true);
        for (name, _) in templated {
            let first = self.client.get(&self.at(name)).expect(200);
            if first.json().is_array() {
                continue;
            }
            let collection = self.pages(&link(&self.root, name, &[("size", "1")]));
            for row in &collection.rows {
                assert_eq!(self.read(row).json(), *row, "{name}");
            }
            if let Some(searches) = &collection.searches {
                self.find_each(searches, &collection.rows);
            }
            if collection.rows.len() >= TURNED {
                turned.insert(collection.name);
            }
        }
        turned
    }

    /// Every row is found by every search.
    fn find_each(&self, searches: &str, rows: &[Value]) {
        let listed = self.client.get(searches).expect(200).json();
        let links = listed["_links"].as_object().expect("links");
        for (search, link) in links.iter().filter(|(name, _)| *name != "self") {
            let field = parameters(link)[0].to_owned();
            for row in rows.iter().filter(|row| !row[&field].is_null()) {
                let found = self.found(&listed, search, &row[&field]);
                assert!(found.contains(row), "{search} does not find {row}: {found:?}");
            }
        }
    }

    fn found(&self, listed: &Value, search: &str, value: &Value) -> Vec<Value> {
        let field = parameters(&listed["_links"][search])[0].to_owned();
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.pages(&link(listed, search, &[(&field, &value)])).rows
    }

    /// All rows from a first page on: to the end by `next`, and back again by `prev`.
    fn pages(&self, first: &str) -> Collection {
        let page = |url: &str| self.client.get(url).expect(200).json();
        let mut last = page(first);
        let name = last["_embedded"].as_object().and_then(|lists| lists.keys().next().cloned());
        let name = name.unwrap_or_else(|| panic!("nothing is embedded in {last}"));
        let rows_of = |page: &Value| page["_embedded"][&name].as_array().cloned().expect("rows");
        let mut rows = rows_of(&last);
        let searches = last["_links"].get("search").map(|_| link(&last, "search", &[]));
        let mut count = 1;
        while last["_links"].get("next").is_some() {
            last = page(&link(&last, "next", &[]));
            rows.extend(rows_of(&last));
            count += 1;
        }
        assert_eq!(last["page"]["totalElements"], rows.len(), "{name}: {last}");
        if count > 1 {
            assert_eq!(page(&link(&last, "last", &[]))["_embedded"], last["_embedded"], "{name}");
            let begin = page(&link(&last, "first", &[]));
            for _ in 1..count {
                last = page(&link(&last, "prev", &[]));
            }
            assert_eq!(begin["_embedded"], last["_embedded"], "{name}");
        }
        Collection { name, rows, searches }
    }
}

/// Where a link leads with these parameters (RFC 6570, of which HAL's links here use `{?a,b}` alone).
///
/// # Panics
/// Where there is no such link, or it takes no such parameter.
#[track_caller]
pub fn link(from: &Value, name: &str, with: &[(&str, &str)]) -> String {
    let link = &from["_links"][name];
    let href = link["href"].as_str().unwrap_or_else(|| panic!("no link {name} in {from}"));
    let known = parameters(link);
    let query = with.iter().map(|(name, value)| {
        assert!(known.contains(name), "{href} takes no {name}");
        format!("{name}={}", percent_encoding::utf8_percent_encode(value, ENCODED))
    });
    let (place, query) = (href.split('{').next().unwrap_or(href), query.collect::<Vec<_>>());
    if query.is_empty() { place.to_owned() } else { format!("{place}?{}", query.join("&")) }
}

/// What a templated link takes.
fn parameters(link: &Value) -> Vec<&str> {
    let href = link["href"].as_str().unwrap_or_default();
    let template = href.split_once("{?").and_then(|(_, names)| names.strip_suffix('}'));
    template.map(|names| names.split(',').collect()).unwrap_or_default()
}

const ENCODED: &percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC;
