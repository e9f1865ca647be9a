//! HAL (`application/hal+json`), in the shape of Spring Data REST.

use serde_json::{Map, Value, json};

use super::listing::{Item, Listing, Page};
use crate::http::{Request, Response};

/// The media type.
pub const HAL: &str = "application/hal+json";

/// Where a collection is, as its client sees it.
pub struct Place<'a> {
    /// Scheme and authority.
    pub origin: String,
    /// `/bookrent/rents`.
    pub path: String,
    /// `rents`.
    pub collection: &'a str,
    /// `/bookrent/-/rent/profile/rents`.
    pub profile: String,
    /// Whether there are searches.
    pub searchable: bool,
}

impl Place<'_> {
    fn item_link(&self, id: u64) -> String {
        format!("{}{}/{id}", self.origin, self.path)
    }

    fn resource(&self, item: &Item) -> Value {
        let mut value = item.value.clone();
        value["id"] = json!(item.id);
        let href = self.item_link(item.id);
        let singular = singular(self.collection);
        value["_links"] = json!({"self": {"href": href}, singular: {"href": href}});
        value
    }

    /// An item's answer.
    pub fn item(&self, status: u16, item: &Item) -> Response {
        let response =
            Response::json(status, HAL, &self.resource(item)).with("etag", etag(item.version));
        if status == 201 { response.with("location", self.item_link(item.id)) } else { response }
    }

    /// Where a page is of what this request asks for.
    pub(super) fn page_at(&self, request: &Request, listing: &Listing, number: u64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let kept = request.query.iter().filter(|(name, _)| name != "page" && name != "size");
        query.extend_pairs(kept);
        query.append_pair("page", &number.to_string());
        query.append_pair("size", &listing.size.to_string());
        format!("{}{}?{}", self.origin, request.path, query.finish())
    }

    /// A page's answer to a request for `path` (the collection's own or a search's).
    pub fn page(&self, request: &Request, listing: &Listing, page: &Page) -> Response {
        let items: Vec<Value> = page.items.iter().map(|item| self.resource(item)).collect();
        let pages = page.total.div_ceil(listing.size);
        let here = format!("{}{}", self.origin, request.path);
        let at = |number: u64| json!({"href": self.page_at(request, listing, number)});
        let mut links = Map::new();
        if listing.page > 0 || pages > 1 {
            links.insert("first".into(), at(0));
        }
        if listing.page > 0 {
            links.insert("prev".into(), at(listing.page - 1));
        }
        let own = if request.query.is_empty() { here.clone() } else { with_query(&here, request) };
        links.insert("self".into(), json!({"href": own}));
        if listing.page.saturating_add(1) < pages {
            links.insert("next".into(), at(listing.page + 1));
        }
        if pages > 1 {
            links.insert("last".into(), at(pages - 1));
        }
        links.insert("profile".into(), json!({"href": format!("{}{}", self.origin, self.profile)}));
        if self.searchable && listing.filter.is_none() {
            let href = format!("{}{}/search", self.origin, self.path);
            links.insert("search".into(), json!({"href": href}));
        }
        let body = json!({
            "_embedded": {self.collection: items},
            "_links": links,
            "page": {
                "size": listing.size,
                "totalElements": page.total,
                "totalPages": pages,
                "number": listing.page,
            },
        });
        Response::json(200, HAL, &body)
    }

    /// The list of a collection's searches: name and parameter.
    pub fn searches(
        &self,
        searches: impl Iterator<Item = (&'static str, &'static str)>,
    ) -> Response {
        let mut links = Map::new();
        let base = format!("{}{}/search", self.origin, self.path);
        for (name, field) in searches {
            let href = format!("{base}/{name}{{?{field},page,size,sort}}");
            links.insert(name.to_owned(), json!({"href": href, "templated": true}));
        }
        links.insert("self".to_owned(), json!({"href": base}));
        Response::json(200, HAL, &json!({"_links": links}))
    }
}

/// The `ETag` of a version.
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Whether `If-Match` or `If-None-Match` names this version.
pub fn names(header: &str, version: u64) -> bool {
    let etag = etag(version);
    header.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Whether this is what `If-Match` and `If-None-Match` hold: `*`, or entity tags with commas between them.
pub fn are_tags(header: &str) -> bool {
    header.trim() == "*" || is_list(header).is_some()
}

/// Something, where it is a list of entity tags: a tag may have commas of its own.
fn is_list(header: &str) -> Option<()> {
    let mut rest = header.trim();
    loop {
        let quoted = rest.strip_prefix("W/").unwrap_or(rest);
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if opaque.chars().any(|c| c <= ' ' || c == '\x7f') {
            return None;
        }
        let after = after.trim_start();
        if after.is_empty() {
            return Some(());
        }
        rest = after.strip_prefix(',')?.trim_start();
    }
}

fn with_query(here: &str, request: &Request) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(&request.query);
    format!("{here}?{}", query.finish())
}

/// The link to an item is named after one of the collection, as Spring Data REST does it.
fn singular(collection: &str) -> String {
    if let Some(stem) = collection.strip_suffix("ies") {
        format!("{stem}y")
    } else if let Some(stem) = collection.strip_suffix("sses") {
        format!("{stem}ss")
    } else {
        collection.strip_suffix('s').unwrap_or(collection).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place<'static> {
        Place {
            origin: "http://h".into(),
            path: "/bookrent/books".into(),
            collection: "books",
            profile: "/p".into(),
            searchable: true,
        }
    }

    fn links(query: &str, page: u64, total: u64) -> Value {
        let request = Request {
            path: "/bookrent/books".into(),
            query: crate::http::parse_query(query),
            ..Request::default()
        };
        let listing = Listing { filter: None, sort: None, page, size: 2 };
        let answer = place().page(&request, &listing, &Page { items: Vec::new(), total });
        serde_json::from_slice::<Value>(&answer.body).unwrap()
    }

    #[test]
    fn an_empty_collection_still_has_its_list() {
        let body = links("", 0, 0);
        assert_eq!(body["_embedded"]["books"], json!([]));
        assert_eq!(
            body["page"],
            json!({"size": 2, "totalElements": 0, "totalPages": 0, "number": 0})
        );
        assert_eq!(body["_links"]["self"]["href"], "http://h/bookrent/books");
        assert!(body["_links"].get("next").is_none() && body["_links"].get("first").is_none());
    }

    #[test]
    fn links_lead_through_the_pages_and_keep_the_query() {
        let links = links("sort=title&page=1&size=2", 1, 5)["_links"].clone();
        let to = |page: u64| format!("http://h/bookrent/books?sort=title&page={page}&size=2");
        for (name, page) in [("first", 0), ("prev", 0), ("next", 2), ("last", 2)] {
            assert_eq!(links[name]["href"], to(page), "{name}");
        }
    }

    #[test]
    fn an_item_links_to_itself_by_its_own_name() {
        let item = Item { id: 7, version: 3, value: json!({"title": "t"}) };
        let answer = place().item(201, &item);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["id"], 7);
        assert_eq!(body["_links"]["book"]["href"], "http://h/bookrent/books/7");
        assert!(answer.headers.contains(&("etag".into(), "\"3\"".into())));
        assert!(answer.headers.contains(&("location".into(), "http://h/bookrent/books/7".into())));
    }

    #[test]
    fn collections_lose_their_plural() {
        for (many, one) in [("deliveries", "delivery"), ("books", "book"), ("classes", "class")] {
            assert_eq!(singular(many), one);
        }
    }

    #[test]
    fn a_conditional_header_holds_tags_or_a_star() {
        for tags in ["*", "\"1\"", "W/\"1\"", "\"1\", W/\"x,y\"", "\"\""] {
            assert!(are_tags(tags), "{tags}");
        }
        for none in ["", "1", "\"1", "\"1\",", "*, \"1\"", "\"a b\"", "w/\"1\""] {
            assert!(!are_tags(none), "{none}");
        }
    }

    #[test]
    fn etags_are_compared_as_rfc_9110_says() {
        assert!(names("\"1\", W/\"3\"", 3) && names("*", 9) && !names("\"1\"", 3));
    }
}
