//! What a page shows, gathered from the contexts: all at once, and then how those are who are about to change
//! something.

use serde_json::Value;

use crate::model::{Column, Form, List, Page, Pending, Search, System};
use crate::reach::{self, Asked, Told};
use crate::visit::Visit;

use super::value::{is_for, text_of};

/// Rows of a list on a page.
const SIZE: u64 = 10;

/// Everything that a page shows.
pub(super) struct Gathered {
    rows: Vec<(&'static str, Result<Rows, String>)>,
    /// The form that a row has opened, and the row.
    pub(super) opened: Option<(&'static str, u64, Value)>,
    /// How those are who are waited for.
    awaited: Vec<(&'static str, Standing)>,
}

/// The rows of a list.
pub(super) struct Rows {
    /// The items.
    pub(super) items: Vec<Value>,
    /// Which page it is, from 0.
    pub(super) page: u64,
    /// How many pages there are.
    pub(super) pages: u64,
    /// How many items there are on all pages.
    pub(super) total: u64,
    /// How many events a read model had not yet taken in.
    pub(super) lag: u64,
}

/// How a context is that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// So many events are before it.
    Behind(u64),
    /// It does not answer.
    Away,
}

impl Gathered {
    /// Asks for all of it.
    pub(super) fn now(visit: &Visit, system: &System, page: &'static Page) -> Self {
        let asked: Vec<_> =
            page.lists.iter().map(|list| (list, reach::get(&path(visit, list)))).collect();
        let opened = opened(visit, page);
        let rows: Vec<_> =
            asked.into_iter().map(|(list, asked)| (list.name, rows(list, asked))).collect();
        let opened = opened.and_then(|(form, id, asked)| {
            let item = asked.finish().ok().filter(Told::is_success)?.body;
            Some((form, id, item))
        });
        let mut gathered = Gathered { rows, opened, awaited: Vec::new() };
        gathered.ask_for_awaited(system, page);
        gathered
    }

    fn ask_for_awaited(&mut self, system: &System, page: &Page) {
        let mut names = Vec::new();
        for list in page.lists {
            let Some(Ok(rows)) = self.rows(list) else { continue };
            let awaited = |column: &'static Column| Some((column, column.pending.as_ref()?));
            for (column, pending) in list.columns.iter().filter_map(awaited) {
                let waits = rows.items.iter().any(|item| is_pending(pending, column.field, item));
                if waits && !names.contains(&pending.by) {
                    names.push(pending.by);
                }
            }
        }
        let asked: Vec<_> = names
            .into_iter()
            .map(|name| (name, reach::get(&format!("/{}/-/{name}/info", system.name))))
            .collect();
        let stand = |asked: Asked| match asked.succeed() {
            Ok(told) => Standing::Behind(told.body["lag"].as_u64().unwrap_or(0)),
            Err(_) => Standing::Away,
        };
        self.awaited = asked.into_iter().map(|(name, asked)| (name, stand(asked))).collect();
    }

    /// The rows of a list.
    pub(super) fn rows(&self, list: &List) -> Option<&Result<Rows, String>> {
        self.rows.iter().find(|(name, _)| *name == list.name).map(|(_, rows)| rows)
    }

    /// How a context is that is waited for.
    pub(super) fn standing(&self, context: &str) -> Option<Standing> {
        self.awaited.iter().find(|(name, _)| *name == context).map(|(_, standing)| *standing)
    }

    /// Whether something is under way.
    pub(super) fn is_busy(&self) -> bool {
        !self.awaited.is_empty()
            || self.rows.iter().any(|(_, rows)| rows.as_ref().map_or(true, |rows| rows.lag > 0))
    }
}

/// Whether another context is about to change a value.
pub(super) fn is_pending(pending: &Pending, field: &str, item: &Value) -> bool {
    text_of(&item[field]) == pending.value && is_for(pending.when, item)
}

/// The row that is to open a form, as the address says it: `open=<form>&id=<item>`.
fn opened(visit: &Visit, page: &'static Page) -> Option<(&'static str, u64, Asked)> {
    let form: &Form = super::form_named(page, visit.parameter("open")?)?;
    let (path, id) = (form.sends.opened_by()?, visit.number("id")?);
    Some((form.name, id, reach::get(&format!("/{path}/{id}"))))
}

/// What a list is narrowed by.
pub(super) fn searched<'v>(visit: &'v Visit, search: &Search) -> Option<&'v str> {
    visit.parameter(search.field)
}

fn path(visit: &Visit, list: &List) -> String {
    let page = visit.number(&format!("{}.page", list.name)).unwrap_or(1).saturating_sub(1);
    let paging = format!("size={SIZE}&page={page}&sort=id,desc");
    match list.search.as_ref().and_then(|search| Some((search, searched(visit, search)?))) {
        Some((search, value)) => {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            format!("/{}/search/{}?{}={value}&{paging}", list.path, search.name, search.field)
        }
        None => format!("/{}?{paging}", list.path),
    }
}

fn rows(list: &List, asked: Asked) -> Result<Rows, String> {
    let told = asked.succeed()?;
    let lag = told.header("madang-lag").and_then(|lag| lag.parse().ok()).unwrap_or(0);
    let mut body = told.body;
    let collection = list.path.rsplit('/').next().unwrap_or_default();
    let number = |name: &str| body["page"][name].as_u64();
    let (page, pages, total) = (number("number"), number("totalPages"), number("totalElements"));
    let items = match body.take() {
        Value::Array(items) => items,
        mut object => match object["_embedded"][collection].take() {
            Value::Array(items) => items,
            _ => return Err(format!("/{} answers with something else", list.path)),
        },
    };
    let all = items.len() as u64;
    Ok(Rows {
        items,
        page: page.unwrap_or(0),
        pages: pages.unwrap_or(1),
        total: total.unwrap_or(all),
        lag,
    })
}
