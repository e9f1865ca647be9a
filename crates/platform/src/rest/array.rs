//! Plain JSON arrays of a collection's items, for clients that know no HAL.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::hal::Place;
use super::listing::{Listing, MAX_SIZE};
use super::source::{Array, Source};
use super::{Found, is_at};
use crate::context::Definition;
use crate::env::Env;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::problem::Problem;

/// The array at a path below the system's.
pub(super) fn at<'d>(definition: &'d Definition, path: &[&'d str]) -> Option<Found<'d>> {
    let stands_at = |path: &[&str]| {
        definition.served().find_map(|source| {
            let array = source.served().arrays.iter().find(|array| is_at(array.path, path))?;
            Some((source, *array))
        })
    };
    let whole = stands_at(path).map(|(source, array)| Found::Array(source, array, None));
    whole.or_else(|| {
        let (value, path) = path.split_last()?;
        let (source, array) = stands_at(path)?;
        Some(Found::Array(source, array, Some(value)))
    })
}

/// The items of a page, the whole of it as a rule; a `Link` (RFC 8288) leads to the next one.
///
/// # Errors
/// Those of the page.
pub(super) fn answer(
    env: &Env,
    request: &Request,
    place: &Place,
    source: &dyn Source,
    array: Array,
    value: Option<&str>,
) -> Result<Response, Problem> {
    let mut listing = Listing::parse(request, &source.fields(), MAX_SIZE).map_err(Error::from)?;
    listing.filter =
        value.map(|value| (array.field, json!(percent_decode_str(value).decode_utf8_lossy())));
    let page = source.page(env, &listing)?;
    let items: Value = page.items.into_iter().map(|item| item.value).collect();
    let response = Response::json(200, "application/json", &items);
    if listing.page.saturating_add(1) >= page.total.div_ceil(listing.size) {
        return Ok(response);
    }
    let next = place.page_at(request, &listing, listing.page + 1);
    Ok(response.with("link", format!("<{next}>; rel=\"next\"")))
}
