//! What fails and comes back: components, Redis, the host; events that cannot be handled; a read model
//! that is lost.

mod components;
mod dead_letters;
mod host;
mod redis;
mod slow;
mod views;

use madang_tests::BookRent;
use serde_json::Value;

/// Everything that clients see, without links: those change with the host's address.
fn everything(shop: &BookRent) -> Vec<Value> {
    let mut items: Vec<Value> =
        ["books", "rents", "deliveries", "views"].iter().flat_map(|name| shop.all(name)).collect();
    for item in &mut items {
        item.as_object_mut().expect("an item is an object").remove("_links");
    }
    items
}
