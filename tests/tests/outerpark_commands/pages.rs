//! What can only be read: payments, notices, My Page.

use super::SHARED;
use madang_testing::eventually;
use madang_tests::outerpark::{OuterPark, PRICE};
use madang_tests::{SETTLING, problem};
use serde_json::json;

#[test]
fn what_follows_from_a_reservation_is_seen_in_each_place() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    let musical = park.register(9);
    let reservation = park.reserve(musical, 2);
    eventually(SETTLING, || {
        (park.page_of(reservation)["status"] == "ApprovedPayment").then_some(())
    });
    let payment = park.payments_of(reservation).remove(0);
    let path = format!("/outerpark/payments/{}", payment["id"]);
    assert_eq!(park.client.get(&path).expect(200).json(), payment);
    let fields = (&payment["reservationId"], &payment["price"], &payment["status"]);
    assert_eq!(fields, (&json!(reservation), &json!(2 * PRICE), &json!("ApprovedPayment")));

    let notice = eventually(SETTLING, || {
        park.all("notices").into_iter().find(|notice| notice["paymentId"] == payment["id"])
    });
    assert_eq!(notice["sendText"], "ApprovedPayment");
    let path = format!("/outerpark/notices/{}", notice["id"]);
    assert_eq!(park.client.get(&path).expect(200).json(), notice);

    let page = park.page_of(reservation);
    let path = format!("/outerpark/myPages/{}", page["id"]);
    let answer = park.client.get(&path).expect(200);
    assert_eq!(answer.json(), page);
    assert!(answer.header("madang-lag").is_some(), "{answer}");
    let fields = (&page["musicalId"], &page["seats"], &page["paymentId"]);
    assert_eq!(fields, (&json!(musical.number), &json!(2), &payment["id"]));
    assert_eq!(page["_links"]["myPage"]["href"], format!("{}{path}", host.url()));
}

#[test]
fn nobody_writes_them() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    for collection in ["payments", "notices", "myPages"] {
        let path = format!("/outerpark/{collection}");
        problem(&park.client.post(&path, json!({"reservationId": 1})), 405, &path);
        let item = format!("{path}/1");
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer = park.client.send(method, &item, Some("{}".into())).unwrap();
            problem(&answer, 405, &item);
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{answer}");
        }
    }
}

#[test]
fn each_collection_names_its_searches() {
    let host = SHARED.host();
    let park = OuterPark::of(&host);
    for (collection, search) in [
        ("musicals", Some("findByMusicalId")),
        ("reservations", None),
        ("payments", Some("findByReservationId")),
        ("notices", None),
        ("myPages", Some("findByReservationId")),
    ] {
        let page = park.client.get(&format!("/outerpark/{collection}")).expect(200).json();
        assert!(page["_embedded"][collection].is_array(), "{page}");
        assert_eq!(page["_links"].get("search").is_some(), search.is_some(), "{page}");
        if let Some(search) = search {
            let list = format!("/outerpark/{collection}/search");
            let list = park.client.get(&list).expect(200).json();
            assert!(list["_links"][search]["href"].is_string(), "{list}");
        }
    }
}
