//! Two hosts on one Redis: replicas of the same application. Neither doubles what the other does.

use madang_testing::{Host, Redis, in_parallel};
use madang_tests::BookRent;

#[test]
fn replicas_do_each_thing_once() {
    let redis = Redis::start();
    let hosts = [0, 1].map(|_| Host::builder().redis_url(redis.url()).workers(1).start());
    let shops = [BookRent::of(&hosts[0]), BookRent::of(&hosts[1])];
    let books: Vec<u64> = (0..6).map(|n| shops[n % 2].register(&format!("book {n}"))).collect();
    in_parallel(8, |client| {
        let shop = &shops[client % 2];
        for round in 0..6 {
            let asked = shop.ask(books[(client + round) % books.len()], 1).expect(201).json();
            if asked["status"] == "Rent" {
                // The other replica serves what this one has made.
                shops[(client + 1) % 2].cancel(asked["id"].as_u64().unwrap());
            }
        }
    });
    let kept = shops[1].register("kept");
    shops[0].rent(kept, 1);
    // Each has a view of its own, and both are true.
    for shop in &shops {
        shop.check();
    }
}
