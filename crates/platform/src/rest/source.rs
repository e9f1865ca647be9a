//! What the edge needs of a collection, wherever its items are kept.

use serde_json::Value;

use super::idempotency::Claim;
use super::listing::{Item, Listing, Page};
use crate::env::Env;
use crate::error::Error;

/// A search by one field: `/search/<name>?<field>=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// `findByRentId`.
    pub name: &'static str,
    /// `rentId`.
    pub field: &'static str,
    /// Whether the field holds text; otherwise it is a number.
    pub is_text: bool,
}

/// A path at which the items are a plain JSON array, below which those of one value are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Array {
    /// `dashboard/list`.
    pub path: &'static str,
    /// The field that `dashboard/list/<value>` is about; it holds text.
    pub field: &'static str,
}

/// How a collection is found, and the records of its items and bodies as its route table names them.
#[derive(Debug, Default)]
pub(crate) struct Served {
    pub(crate) resource: &'static str,
    pub(crate) post: &'static str,
    pub(crate) put: &'static str,
    pub(crate) patch: &'static str,
    pub(crate) texts: &'static [&'static str],
    pub(crate) is_view: bool,
    pub(crate) searches: Vec<Search>,
    /// Its second name, where it has one.
    pub(crate) also: Option<&'static str>,
    pub(crate) arrays: Vec<Array>,
}

/// How a collection is told the ways that it is found: for whatever has a [`Served`] by that name.
macro_rules! ways_to_find {
    () => {
        /// A search by a field that holds a number.
        #[must_use]
        pub fn search(mut self, name: &'static str, field: &'static str) -> Self {
            self.served.searches.push(Search { name, field, is_text: false });
            self
        }

        /// A search by a field that holds text.
        #[must_use]
        pub fn search_text(mut self, name: &'static str, field: &'static str) -> Self {
            self.served.searches.push(Search { name, field, is_text: true });
            self
        }

        /// A second name that it is found by, at `/<system>/<name>`.
        #[must_use]
        pub fn also_at(mut self, name: &'static str) -> Self {
            self.served.also = Some(name);
            self
        }

        /// A plain JSON array of its items at `/<system>/<path>`; below it, at `/<system>/<path>/<text>`,
        /// of those whose field holds that text.
        #[must_use]
        pub fn array_at(mut self, path: &'static str, field: &'static str) -> Self {
            self.served.arrays.push(Array { path, field });
            self
        }
    };
}
pub(crate) use ways_to_find;

/// The item that a request is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'r> {
    pub(crate) id: u64,
    /// The versions that the client has seen (`If-Match`).
    pub(crate) expected: Option<&'r str>,
}

/// What can be done besides reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Methods {
    pub(crate) post: bool,
    pub(crate) put: bool,
    pub(crate) patch: bool,
    pub(crate) delete: bool,
}

/// A collection, as the edge sees it.
pub(crate) trait Source {
    /// `rents`.
    fn collection(&self) -> &'static str;
    /// `Rent`.
    fn entity(&self) -> &'static str;
    /// The resource's fields on the wire.
    fn fields(&self) -> Vec<String>;
    fn served(&self) -> &Served;
    /// The events that its aggregates tell.
    fn tells(&self) -> &'static [&'static str] {
        &[]
    }
    fn methods(&self) -> Methods {
        Methods::default()
    }
    /// Catches up with the log before it is read, and answers how many events are unread still. None: it
    /// is what it is.
    fn freshen(&self, _: &Env) -> Result<Option<u64>, Error> {
        Ok(None)
    }
    fn item(&self, env: &Env, id: u64) -> Result<Option<Item>, Error>;
    fn page(&self, env: &Env, listing: &Listing) -> Result<Page, Error>;

    fn post(&self, _: &Env, _: Value, _: Option<&Claim>) -> Result<Item, Error> {
        Err(Error::fault("this collection is read-only"))
    }
    fn put(&self, _: &Env, _: Target, _: Value) -> Result<Option<Item>, Error> {
        Err(Error::fault("this collection is read-only"))
    }
    fn patch(&self, _: &Env, _: Target, _: Value) -> Result<Option<Item>, Error> {
        Err(Error::fault("this collection is read-only"))
    }
    fn delete(&self, _: &Env, _: Target) -> Result<(), Error> {
        Err(Error::fault("this collection is read-only"))
    }
    /// Finishes or undoes the intents whose time has come.
    fn settle_due(&self, _: &Env) -> Result<(), Error> {
        Ok(())
    }
}
