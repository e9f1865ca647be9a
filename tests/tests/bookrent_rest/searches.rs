//! The searches of the view.

use super::SHARED;
use madang_tests::{BookRent, errors};
use serde_json::json;

/// Users of one test are nobody else's.
const USER: u64 = 77_000_001;

#[test]
fn searches_are_listed_with_their_parameters() {
    let host = SHARED.host();
    let here = format!("{}/bookrent/views/search", host.url());
    let search = |name: &str, field: &str| json!({"href": format!("{here}/{name}{{?{field},page,size,sort}}"), "templated": true});
    let answer = host.client().get("/bookrent/views/search").expect(200);
    assert_eq!(answer.header("content-type"), Some("application/hal+json"));
    assert_eq!(
        answer.json(),
        json!({"_links": {
            "self": {"href": here},
            "findByRentId": search("findByRentId", "rentId"),
            "findByUserId": search("findByUserId", "userId"),
        }})
    );
}

#[test]
fn find_by_rent_id_finds_the_one() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let rent = shop.rent(shop.register("to be found"), 1);
    let path = format!("/bookrent/views/search/findByRentId?rentId={rent}");
    let page = shop.client.get(&path).expect(200).json();
    assert_eq!(page["page"]["totalElements"], 1);
    let found = page["_embedded"]["views"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["rentId"], rent);
    assert_eq!(page["_links"]["self"]["href"], format!("{}{path}", host.url()));
}

#[test]
fn find_by_user_id_finds_pages_in_any_order() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let rents = ["a", "b", "c"].map(|title| shop.rent(shop.register(title), USER));
    let here = format!("/bookrent/views/search/findByUserId?userId={USER}");
    let rents_of = |path: &str| {
        let page = shop.client.get(path).expect(200).json();
        let found = page["_embedded"]["views"].as_array().unwrap().clone();
        let ids: Vec<u64> = found.iter().map(|view| view["rentId"].as_u64().unwrap()).collect();
        (ids, page)
    };
    assert_eq!(rents_of(&here).0, rents);
    assert_eq!(rents_of(&format!("{here}&sort=rentId,desc")).0, [rents[2], rents[1], rents[0]]);
    let (first, page) = rents_of(&format!("{here}&size=2&sort=rentId,desc"));
    assert_eq!(first, [rents[2], rents[1]]);
    assert_eq!(page["page"], json!({"size": 2, "totalElements": 3, "totalPages": 2, "number": 0}));
    let next = page["_links"]["next"]["href"].as_str().unwrap();
    assert_eq!(rents_of(next).0, [rents[0]]);
}

#[test]
fn what_is_not_there_is_an_empty_list() {
    let host = SHARED.host();
    for query in ["findByRentId?rentId=999999999", "findByUserId?userId=999999999"] {
        let path = format!("/bookrent/views/search/{query}");
        let page = host.client().get(&path).expect(200).json();
        assert_eq!(page["_embedded"], json!({"views": []}));
        assert_eq!(page["page"]["totalElements"], 0);
    }
}

#[test]
fn a_search_without_its_number_is_400_and_names_it() {
    let host = SHARED.host();
    for (search, field) in [("findByRentId", "rentId"), ("findByUserId", "userId")] {
        let path = format!("/bookrent/views/search/{search}");
        for query in ["", "?other=1", &format!("?{field}=one"), &format!("?{field}=-1")] {
            let answer = host.client().get(&format!("{path}{query}"));
            let named = errors(&answer, &path);
            assert_eq!((named.len(), named[0].1.as_str()), (1, field), "{query}\n{answer}");
        }
    }
}
