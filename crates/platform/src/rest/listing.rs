//! What a client asks of a collection, and the page it gets.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Rejection};
use crate::http::Request;
use crate::json;

/// Items on a page unless the client says otherwise.
pub const DEFAULT_SIZE: u64 = 20;
/// Items on a page at most.
pub const MAX_SIZE: u64 = 1000;

/// The furthest that a page can be away: whole numbers are exact so far in Redis's scripts.
const MAX_OFFSET: u64 = 1 << 52;

/// Which part of a collection, in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// A field and the value it has, where it is a search.
    pub filter: Option<(&'static str, Value)>,
    /// A field of the resource and whether it is descending; the id where there is none.
    pub sort: Option<(String, bool)>,
    /// From 0.
    pub page: u64,
    /// From 1 to 1000.
    pub size: u64,
}

impl Listing {
    /// Reads `page`, `size` (or what it is where the client does not say) and `sort` for a resource with
    /// these fields.
    ///
    /// # Errors
    /// The rejection that names the parameter.
    pub fn parse(request: &Request, fields: &[String], size: u64) -> Result<Self, Rejection> {
        let page = number(request, "page", 0)?;
        let size = number(request, "size", size)?;
        if !(1..=MAX_SIZE).contains(&size) {
            return Err(Rejection::invalid("size", size, format!("must be 1 to {MAX_SIZE}")));
        }
        let sort = request.parameter("sort").map(|sort| parse_sort(sort, fields)).transpose()?;
        Ok(Listing { filter: None, sort: sort.flatten(), page, size })
    }

    /// The number of the first item.
    pub fn offset(&self) -> u64 {
        self.page.saturating_mul(self.size).min(MAX_OFFSET)
    }
}

/// An item of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// From 1 up.
    pub id: u64,
    /// Its `ETag`.
    pub version: u64,
    /// The resource's fields.
    pub value: Value,
}

impl Item {
    /// The resource as its WIT record.
    ///
    /// # Errors
    /// A fault where it is another record's.
    pub fn record<R: DeserializeOwned>(self) -> Result<R, Error> {
        json::record(self.value).map_err(Error::fault)
    }
}

/// A page of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The items.
    pub items: Vec<Item>,
    /// Items on all pages together.
    pub total: u64,
}

fn number(request: &Request, name: &'static str, default: u64) -> Result<u64, Rejection> {
    match request.parameter(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().map_err(|_| Rejection::invalid(name, text, "must be a number from 0 up"))
        }
    }
}

fn parse_sort(sort: &str, fields: &[String]) -> Result<Option<(String, bool)>, Rejection> {
    let (field, direction) = sort.split_once(',').unwrap_or((sort, "asc"));
    let descending = match direction.to_ascii_lowercase().as_str() {
        "asc" => false,
        "desc" => true,
        _ => return Err(Rejection::invalid("sort", sort, "the direction must be asc or desc")),
    };
    if !fields.iter().any(|known| known == field) {
        let message = format!("there is no field {field:?}; there are {}", fields.join(", "));
        return Err(Rejection::invalid("sort", sort, message));
    }
    Ok((field != "id" || descending).then(|| (field.to_owned(), descending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Listing, Rejection> {
        let request = Request { query: crate::http::parse_query(query), ..Request::default() };
        Listing::parse(&request, &["id".to_owned(), "title".to_owned()], DEFAULT_SIZE)
    }

    #[test]
    fn without_parameters_it_is_the_first_twenty_by_id() {
        assert_eq!(parse(""), Ok(Listing { filter: None, sort: None, page: 0, size: 20 }));
    }

    #[test]
    fn parameters_are_read() {
        let listing = parse("page=3&size=1000&sort=title,desc").unwrap();
        assert_eq!((listing.page, listing.size, listing.offset()), (3, 1000, 3000));
        assert_eq!(listing.sort, Some(("title".to_owned(), true)));
        assert_eq!(parse("sort=title").unwrap().sort, Some(("title".to_owned(), false)));
        assert_eq!(parse("sort=id,desc").unwrap().sort, Some(("id".to_owned(), true)));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (query, name) in [
            ("page=-1", "page"),
            ("page=x", "page"),
            ("size=0", "size"),
            ("size=1001", "size"),
            ("sort=colour", "sort"),
            ("sort=title,up", "sort"),
        ] {
            assert_eq!(parse(query).unwrap_err().violations[0].property, name, "{query}");
        }
    }
}
