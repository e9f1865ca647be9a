//! Many who want the same at once.

use madang_testing::{Answer, Host, eventually, in_parallel};
use madang_tests::outerpark::{Musical, OuterPark};
use madang_tests::{SETTLING, problem};

/// A host that works on as many requests at once as these tests have clients, and lets reservation wait
/// for musical as long as that takes.
fn host() -> Host {
    let host = Host::builder().variable("max_requests", "256");
    host.variable("connect_timeout_ms", "30000").variable("call_timeout_ms", "30000").start()
}

/// Asks for seats until the answer is not that it should be asked again shortly.
fn ask_patiently(park: &OuterPark, musical: Musical, seats: u64) -> Answer {
    eventually(SETTLING, || {
        let answer = park.ask(musical, seats);
        if answer.status == 503 { Err(answer.to_string()) } else { Ok(answer) }
    })
}

#[test]
fn of_two_hundred_clients_who_want_the_last_seat_one_gets_it() {
    let host = host();
    let park = OuterPark::of(&host);
    let musical = park.register(1);
    let answers = in_parallel(200, |_| park.ask(musical, 1));
    let (reserved, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(reserved.len(), 1);
    for answer in refused {
        let detail = problem(&answer, 409, "/outerpark/reservations")["detail"].clone();
        assert_eq!(detail, "Too big seats Count");
    }
    park.check();
    assert_eq!(park.seats(musical), 0);
    assert_eq!(park.all("reservations").len(), 1);
}

#[test]
fn a_thousand_reservations_that_are_canceled_at_once_leave_the_seats_as_they_were() {
    const CLIENTS: usize = 100;
    let host = host();
    let park = OuterPark::of(&host);
    let musicals = [park.register(1_000), park.register(150)];
    let canceled = in_parallel(CLIENTS, |client| {
        let musical = musicals[client % 2];
        let mut reserved = 0;
        for seats in 1..=10 {
            let answer = ask_patiently(&park, musical, seats);
            if answer.status == 201 {
                park.cancel(answer.json()["id"].as_u64().unwrap());
                reserved += 1;
            } else {
                problem(&answer, 409, "/outerpark/reservations");
            }
        }
        reserved
    });
    park.settle_now();
    park.check();
    assert_eq!(musicals.map(|musical| park.seats(musical)), [1_000, 150]);
    let told = park.log();
    let told = told.iter().filter(|entry| entry.kind == "Canceled").count();
    assert_eq!(told, canceled.iter().sum::<usize>());
}
