//! The commands on rents.

use super::SHARED;
use madang_testing::eventually;
use madang_tests::{BookRent, SETTLING, errors, problem};
use serde_json::json;

#[test]
fn a_free_book_is_rented() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("free");
    let rent = shop.rent(book, 1);
    assert!(!shop.is_free(book));
    assert_eq!(shop.rent_status(rent), "Rent");
}

#[test]
fn a_taken_book_fails_and_stays_with_its_rent() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("taken");
    let rent = shop.rent(book, 1);
    let failed = shop.ask(book, 2).expect(201);
    assert_eq!(failed.json()["status"], "Fail", "{failed}");
    let found = shop.client.get(failed.location()).expect(200).json();
    assert_eq!(found, failed.json());
    assert_eq!(shop.rent_status(rent), "Rent");
}

#[test]
fn a_rent_is_cancelled_and_its_book_is_free_again() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("given back");
    let first = shop.rent(book, 1);
    shop.cancel(first);
    eventually(SETTLING, || shop.is_free(book).then_some(()));
    let second = shop.rent(book, 2);
    assert_eq!(
        (shop.rent_status(first), shop.rent_status(second)),
        (json!("Cancel"), json!("Rent"))
    );
    shop.settle();
    assert_eq!(shop.deliveries_of(first)[0]["status"], "Delivery Cancelled");
    assert_eq!(shop.deliveries_of(second)[0]["status"], "Delivery Started");
}

#[test]
fn put_can_cancel_as_patch_can() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("put");
    let path = format!("/bookrent/rents/{}", shop.rent(book, 3));
    let mut rent = shop.client.get(&path).expect(200).json();
    rent["status"] = json!("Cancel");
    assert_eq!(shop.client.put(&path, rent).expect(200).json()["status"], "Cancel");
    eventually(SETTLING, || shop.is_free(book).then_some(()));
}

#[test]
fn only_a_running_rent_can_be_cancelled() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("cancelled twice");
    let rent = shop.rent(book, 1);
    let failed = shop.ask(book, 2).expect(201).json()["id"].as_u64().unwrap();
    shop.cancel(rent);
    for rent in [rent, failed] {
        let path = format!("/bookrent/rents/{rent}");
        let before = shop.client.get(&path).expect(200).json();
        problem(&shop.client.patch(&path, json!({"status": "Cancel"})), 409, &path);
        assert_eq!(shop.client.get(&path).expect(200).json(), before);
    }
}

#[test]
fn nothing_else_of_a_rent_is_changed_once_it_is_made() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let (book, other) = (shop.register("made"), shop.register("other"));
    let running = shop.rent(book, 1);
    let failed = shop.ask(book, 2).expect(201).json()["id"].as_u64().unwrap();
    let cancelled = shop.rent(other, 3);
    shop.cancel(cancelled);
    for (rent, status) in [(running, "Rent"), (failed, "Fail"), (cancelled, "Cancel")] {
        let path = format!("/bookrent/rents/{rent}");
        let before = shop.client.get(&path).expect(200);
        for patch in [
            json!({"bookId": other + 1}),
            json!({"userId": 99}),
            json!({"address": "elsewhere"}),
            json!({"status": "Cancel", "address": "elsewhere"}),
        ] {
            problem(&shop.client.patch(&path, patch), 409, &path);
        }
        for another in ["Rent", "Fail"].iter().filter(|another| **another != status) {
            problem(&shop.client.patch(&path, json!({"status": another})), 409, &path);
        }
        let answer = shop.client.patch(&path, json!({"status": "Lost"}));
        let expected = ("Rent".to_owned(), "status".to_owned(), json!("Lost"));
        assert_eq!(errors(&answer, &path), [expected]);
        let after = shop.client.get(&path).expect(200);
        assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
    }
}

#[test]
fn a_rent_that_is_over_can_be_deleted_and_a_running_one_cannot() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("over");
    let rent = shop.rent(book, 1);
    let failed = shop.ask(book, 2).expect(201);
    let path = format!("/bookrent/rents/{rent}");
    let refused = problem(&shop.client.delete(&path), 409, &path);
    assert!(refused["detail"].as_str().unwrap().contains("cancel it first"), "{refused}");
    assert_eq!(shop.rent_status(rent), "Rent");

    let _ = shop.client.delete(failed.location()).expect(204);
    let _ = shop.client.get(failed.location()).expect(404);
    shop.cancel(rent);
    let _ = shop.client.delete(&path).expect(204);
    assert_eq!(shop.rent_status(rent), json!(null));
    // What was told of it stays told, and its book is given back all the same.
    eventually(SETTLING, || shop.is_free(book).then_some(()));
    shop.settle();
    assert_eq!(shop.view_of(rent)["rentStatus"], "Cancel");
}

#[test]
fn of_many_who_cancel_a_rent_at_once_one_does() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let rent = shop.rent(shop.register("cancelled by many"), 1);
    let path = format!("/bookrent/rents/{rent}");
    let cancel = |_| shop.client.patch(&path, json!({"status": "Cancel"})).status;
    let mut statuses = madang_testing::in_parallel(20, cancel);
    statuses.sort_unstable();
    let mut expected = vec![409; 20];
    expected[0] = 200;
    assert_eq!(statuses, expected);
    let told = shop.log();
    let told = told.iter().filter(|e| e.kind == "BookCancelled" && e.number_of("id") == rent);
    assert_eq!(told.count(), 1);
}
