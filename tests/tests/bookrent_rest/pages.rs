//! Collections: pages, their links, and their order. These tests have a host to themselves, for a
//! page is about all that is in a collection.

use madang_testing::Host;
use madang_tests::{BookRent, errors};
use serde_json::{Value, json};

/// A host with these books: title and status, of the ids 1, 2, 3, ….
fn host_with(books: &[(&str, bool)]) -> Host {
    let host = Host::start();
    let client = host.client();
    for (at, (title, status)) in books.iter().enumerate() {
        let book = json!({"title": title, "status": status});
        assert_eq!(client.post("/bookrent/books", book).expect(201).json()["id"], at + 1);
    }
    host
}

/// The query and the path, after the host's own address, of each link; absent ones are left out.
fn links(host: &Host, page: &Value) -> Value {
    let links = page["_links"].as_object().unwrap().iter();
    links
        .map(|(name, link)| {
            let href = link["href"].as_str().unwrap();
            (name.clone(), json!(href.strip_prefix(host.url()).unwrap()))
        })
        .collect()
}

fn ids(page: &Value, collection: &str) -> Vec<u64> {
    let items = page["_embedded"][collection].as_array().unwrap();
    items.iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

#[test]
fn an_empty_collection_is_a_page_with_an_empty_list() {
    let host = Host::start();
    for (collection, context, has_searches) in [
        ("books", "book", false),
        ("rents", "rent", false),
        ("deliveries", "delivery", false),
        ("views", "view", true),
    ] {
        let here = format!("/bookrent/{collection}");
        let answer = host.client().get(&here).expect(200);
        assert_eq!(answer.header("content-type"), Some("application/hal+json"));
        let mut expected = json!({
            "_embedded": {collection: []},
            "_links": {
                "self": {"href": format!("{}{here}", host.url())},
                "profile": {"href":
                    format!("{}/bookrent/-/{context}/profile/{collection}", host.url())},
            },
            "page": {"size": 20, "totalElements": 0, "totalPages": 0, "number": 0},
        });
        if has_searches {
            let href = format!("{}{here}/search", host.url());
            expected["_links"]["search"] = json!({"href": href});
        }
        assert_eq!(answer.json(), expected);
    }
}

#[test]
fn pages_lead_from_one_to_the_next() {
    let titles: Vec<String> = (1..=25).map(|n| format!("title {n}")).collect();
    let books: Vec<_> = titles.iter().map(|title| (title.as_str(), true)).collect();
    let host = host_with(&books);
    let client = host.client();
    let get = |path: &str| client.get(path).expect(200).json();

    let page = get("/bookrent/books");
    let number = |n: u64, size: u64, pages: u64| json!({"size": size, "totalElements": 25, "totalPages": pages, "number": n});
    assert_eq!(page["page"], number(0, 20, 2));
    assert_eq!(ids(&page, "books"), (1..=20).collect::<Vec<_>>());

    let at = |n: u64| format!("/bookrent/books?page={n}&size=10");
    let profile = "/bookrent/-/book/profile/books";
    let first = get("/bookrent/books?size=10");
    assert_eq!(first["page"], number(0, 10, 3));
    assert_eq!(ids(&first, "books"), (1..=10).collect::<Vec<_>>());
    assert_eq!(
        links(&host, &first),
        json!({"self": "/bookrent/books?size=10", "first": at(0), "next": at(1), "last": at(2),
               "profile": profile})
    );
    let second = get(first["_links"]["next"]["href"].as_str().unwrap());
    assert_eq!(second["page"], number(1, 10, 3));
    assert_eq!(ids(&second, "books"), (11..=20).collect::<Vec<_>>());
    assert_eq!(
        links(&host, &second),
        json!({"self": at(1), "first": at(0), "prev": at(0), "next": at(2), "last": at(2),
               "profile": profile})
    );
    let last = get(second["_links"]["last"]["href"].as_str().unwrap());
    assert_eq!(last["page"], number(2, 10, 3));
    assert_eq!(ids(&last, "books"), (21..=25).collect::<Vec<_>>());
    assert_eq!(
        links(&host, &last),
        json!({"self": at(2), "first": at(0), "prev": at(1), "last": at(2), "profile": profile})
    );
    assert_eq!(get(last["_links"]["first"]["href"].as_str().unwrap())["page"], number(0, 10, 3));
    assert_eq!(get(last["_links"]["prev"]["href"].as_str().unwrap())["page"], number(1, 10, 3));

    assert_eq!(ids(&get("/bookrent/books?size=1000"), "books").len(), 25);
    for beyond in ["3", "18446744073709551615"] {
        let page = get(&format!("/bookrent/books?size=10&page={beyond}"));
        assert_eq!(ids(&page, "books"), Vec::<u64>::new(), "page {beyond}");
        assert_eq!(page["page"]["totalElements"], 25);
        assert_eq!(page["_links"].get("next"), None);
    }
}

#[test]
fn books_are_sorted_by_each_field_both_ways() {
    let books = [("나무", true), ("Emma", false), ("Emma", true), ("강", false), ("Zorba", true)];
    let host = host_with(&books);
    for (sort, expected) in [
        ("id", [1, 2, 3, 4, 5]),
        ("id,asc", [1, 2, 3, 4, 5]),
        ("id,desc", [5, 4, 3, 2, 1]),
        ("title", [2, 3, 5, 4, 1]),
        ("title,asc", [2, 3, 5, 4, 1]),
        ("title,desc", [1, 4, 5, 3, 2]),
        ("status", [2, 4, 1, 3, 5]),
        ("status,desc", [5, 3, 1, 4, 2]),
        ("status,DESC", [5, 3, 1, 4, 2]),
    ] {
        let page = host.client().get(&format!("/bookrent/books?sort={sort}")).expect(200).json();
        assert_eq!(ids(&page, "books"), expected, "{sort}");
    }
    // The order goes on from page to page, and the links keep it.
    let page = host.client().get("/bookrent/books?sort=title&size=2").expect(200).json();
    assert_eq!(ids(&page, "books"), [2, 3]);
    let next = page["_links"]["next"]["href"].as_str().unwrap();
    let page = host.client().get(next).expect(200).json();
    assert_eq!(ids(&page, "books"), [5, 4]);
    let next = page["_links"]["next"]["href"].as_str().unwrap();
    assert_eq!(ids(&host.client().get(next).expect(200).json(), "books"), [1]);
}

#[test]
fn the_order_follows_what_changes() {
    let host = host_with(&[("a", true), ("b", true), ("c", true)]);
    let client = host.client();
    let sorted = || ids(&client.get("/bookrent/books?sort=title").expect(200).json(), "books");
    let _ = client.patch("/bookrent/books/1", json!({"title": "z"})).expect(200);
    assert_eq!(sorted(), [2, 3, 1]);
    let _ = client.delete("/bookrent/books/3").expect(204);
    assert_eq!(sorted(), [2, 1]);
}

#[test]
fn rents_deliveries_and_views_are_sorted_by_each_field_both_ways() {
    let host = host_with(&[("one", true), ("two", true), ("three", true)]);
    let shop = BookRent::of(&host);
    // Users in another order than ids; the last is cancelled.
    let rents = [(2, 30), (3, 10), (1, 20)].map(|(book, user)| shop.rent(book, user));
    shop.cancel(rents[2]);
    shop.settle();
    let order = |collection: &str, sort: &str| {
        let path = format!("/bookrent/{collection}?sort={sort}");
        let page = shop.client.get(&path).expect(200).json();
        let items = page["_embedded"][collection].as_array().unwrap().clone();
        let users = items.iter().map(|item| item["userId"].as_u64().unwrap());
        users.collect::<Vec<_>>()
    };
    for (collection, sort, ascending) in [
        ("rents", "id", [30, 10, 20]),
        ("rents", "bookId", [20, 30, 10]),
        ("rents", "userId", [10, 20, 30]),
        ("rents", "address", [10, 20, 30]),
        ("deliveries", "id", [30, 10, 20]),
        ("deliveries", "bookId", [20, 30, 10]),
        ("deliveries", "rentId", [30, 10, 20]),
        ("deliveries", "userId", [10, 20, 30]),
        ("deliveries", "address", [10, 20, 30]),
        ("views", "id", [30, 10, 20]),
        ("views", "rentId", [30, 10, 20]),
        ("views", "bookId", [20, 30, 10]),
        ("views", "deliveryId", [30, 10, 20]),
        ("views", "userId", [10, 20, 30]),
    ] {
        let mut descending = ascending;
        descending.reverse();
        assert_eq!(order(collection, sort), ascending, "{collection} by {sort}");
        assert_eq!(
            order(collection, &format!("{sort},desc")),
            descending,
            "{collection} by {sort}"
        );
    }
    // The one that is cancelled comes first or last.
    for (collection, sort) in [
        ("rents", "status"),
        ("deliveries", "status"),
        ("views", "rentStatus"),
        ("views", "deliveryStatus"),
    ] {
        assert_eq!(order(collection, sort)[0], 20, "{collection} by {sort}");
        let descending = order(collection, &format!("{sort},desc"));
        assert_eq!(descending[2], 20, "{collection} by {sort}, descending");
    }
}

#[test]
fn what_a_page_cannot_be_is_400_and_names_the_parameter() {
    let host = host_with(&[("one", true)]);
    for collection in ["books", "rents", "deliveries", "views"] {
        let path = format!("/bookrent/{collection}");
        for (query, property) in [
            ("page=-1", "page"),
            ("page=one", "page"),
            ("page=", "page"),
            ("size=0", "size"),
            ("size=1001", "size"),
            ("size=1e3", "size"),
            ("sort=colour", "sort"),
            ("sort=id,sideways", "sort"),
        ] {
            let answer = host.client().get(&format!("{path}?{query}"));
            let named: Vec<_> = errors(&answer, &path).into_iter().map(|error| error.1).collect();
            assert_eq!(named, [property], "{query}");
        }
    }
}
