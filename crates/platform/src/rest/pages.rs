//! Pages of a collection of aggregates, from its indexes in Redis.

use std::cmp::Ordering;

use serde_json::Value;

use super::collection::{Collection, visible};
use super::listing::{Item, Listing, Page};
use crate::aggregate::Aggregate;
use crate::env::Env;
use crate::error::Error;
use crate::index;
use crate::redis::Reply;
use crate::work::{field_key, ids_key, list};

/// Found items that are sorted by another field at most; a search that finds more is in the id's order.
const SORTED: u64 = 10_000;

impl<A: Aggregate + 'static> Collection<A> {
    /// The items of a page, and how many there are on all.
    pub(super) fn paged(&self, env: &Env, listing: &Listing) -> Result<Page, Error> {
        let range = (listing.offset(), listing.size);
        match (&listing.filter, &listing.sort) {
            (None, None) => self.listed(env, ids_key::<A>(env), None, range, false),
            (None, Some((field, descending))) if field == "id" => {
                self.listed(env, ids_key::<A>(env), None, range, *descending)
            }
            (None, Some((field, descending))) => {
                let all = Some((b"-".to_vec(), b"+".to_vec()));
                self.listed(env, field_key::<A>(env, field), all, range, *descending)
            }
            (Some((field, value)), sort) => {
                let (key, bounds) = (field_key::<A>(env, field), index::bounds(value));
                let Some((sort, descending)) = sort else {
                    return self.listed(env, key, bounds, range, false);
                };
                let mut page = self.listed(env, key, bounds, (0, SORTED), false)?;
                in_order(&mut page.items, sort, *descending);
                let (offset, size) = (range.0 as usize, range.1 as usize);
                page.items = page.items.into_iter().skip(offset).take(size).collect();
                Ok(page)
            }
        }
    }

    fn listed(
        &self,
        env: &Env,
        key: String,
        bounds: Option<(Vec<u8>, Vec<u8>)>,
        range: (u64, u64),
        descending: bool,
    ) -> Result<Page, Error> {
        let read = |state: &str, id, version| {
            visible(&serde_json::from_str::<A>(state).map_err(Error::fault)?, id, version)
        };
        page_of(list::<A>(env, key, bounds, range, descending)?, &read)
    }
}

/// What clients see of an aggregate, from its state, id and version.
type ReadItem<'f> = dyn Fn(&str, u64, u64) -> Result<Option<Item>, Error> + 'f;

/// A page from how many there are and the id, version and state of each; one piece of code for all
/// collections.
fn page_of(replies: Vec<Reply>, read: &ReadItem) -> Result<Page, Error> {
    let mut replies = replies.into_iter();
    let total = replies.next().and_then(|reply| reply.number()).unwrap_or(0);
    let mut items = Vec::new();
    while let (Some(id), Some(version), Some(state)) =
        (replies.next(), replies.next(), replies.next())
    {
        let (Some(id), Some(version), Some(state)) = (id.number(), version.number(), state.text())
        else {
            continue;
        };
        items.extend(read(&state, id, version)?);
    }
    Ok(Page { items, total })
}

/// Items that are alike stay in the id's order.
fn in_order(items: &mut [Item], field: &str, descending: bool) {
    items.sort_unstable_by(|a, b| {
        let order = compare(&a.value[field], &b.value[field]);
        let order = if descending { order.reverse() } else { order };
        order.then(a.id.cmp(&b.id))
    });
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_i128().cmp(&b.as_i128()),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}
