//! A reservation, and the musical that it asks, killed between the steps of the commands. However far it
//! came, it ends with its seats taken and paid, or with none missing.

use super::host;
use madang_testing::{Host, Trigger, in_parallel};
use madang_tests::outerpark::{Musical, OuterPark, asking};
use madang_tests::{Step, kill_at_each_step, with_faults};
use serde_json::Value;

const RESERVATIONS: &str = "/outerpark/reservations";

fn kill<T>(
    host: &Host,
    context: &str,
    least: u32,
    before: impl Fn(&OuterPark) -> T,
    act: impl Fn(&OuterPark, T),
) {
    let park = OuterPark::of(host);
    let step =
        Step { component: &format!("outerpark-{context}"), trigger: Trigger::Http, before, act };
    let calls = kill_at_each_step(&park, &step);
    assert!(calls >= least, "{context} was killed at {calls} calls only");
}

/// What must hold of a musical with two seats, both of which one reservation has asked for.
fn check_one(park: &OuterPark, musical: Musical) {
    park.settle_now();
    let of_it = |row: &Value| row["musicalId"] == musical.number;
    let reserved = park.all("reservations").iter().filter(|row| of_it(row)).count() as u64;
    assert!(reserved <= 1, "one was asked for");
    assert_eq!(park.seats(musical), 2 - 2 * reserved);
    // Another can have the seats exactly when nobody has them.
    assert_eq!(park.ask(musical, 2).status, if reserved == 0 { 201 } else { 409 });
}

#[test]
fn reservation_and_musical_killed_while_seats_are_asked_for() {
    let Some(hosts) = (0..3).map(|_| host()).collect::<Option<Vec<_>>>() else { return };
    in_parallel(3, |i| match i {
        0 => {
            let register = |park: &OuterPark| park.register(2);
            kill(&hosts[i], "reservation", 5, register, |park, musical| {
                let answer = park.ask(musical, 2);
                assert!([201, 500].contains(&answer.status), "{answer}");
                check_one(park, musical);
            });
        }
        1 => {
            let register = |park: &OuterPark| park.register(2);
            kill(&hosts[i], "musical", 4, register, |park, musical| {
                // A musical that was killed is asked again, and has done it once.
                let answer = park.ask(musical, 2);
                assert!([201, 503].contains(&answer.status), "{answer}");
                check_one(park, musical);
            });
        }
        _ => {
            let register = |park: &OuterPark| park.register(1);
            kill(&hosts[i], "reservation", 5, register, |park, musical| {
                let answer = park.ask(musical, 2);
                assert!([409, 500].contains(&answer.status), "{answer}");
                park.settle_now();
                assert_eq!(park.seats(musical), 1);
            });
        }
    });
}

#[test]
fn reservation_killed_while_it_is_canceled() {
    let Some(host) = host() else { return };
    let reserve = |park: &OuterPark| park.reserve(park.register(2), 2);
    kill(&host, "reservation", 2, reserve, |park, reservation| {
        let path = format!("{RESERVATIONS}/{reservation}");
        let answer = park.client.delete(&path);
        assert!([204, 500].contains(&answer.status), "{answer}");
        // Nothing of it is done, or all.
        park.cancel(reservation);
        assert_eq!(park.status(reservation), "Canceled");
    });
}

#[test]
fn reservation_killed_while_it_gives_back() {
    // So many calls that come too late would open the circuit, and none would be made any more.
    let host = Host::builder().workers(1).variable("breaker_calls", "1000000");
    let host = host.variable("call_timeout_ms", "100").variable("call_retries", "0");
    let Some(host) = with_faults(host) else { return };
    let refused = |park: &OuterPark| {
        let musical = park.register(2);
        // Its effect is there, and its answer comes too late.
        park.host.delay("outerpark-musical", 200..=200);
        let _ = park.ask(musical, 2).expect(503);
        park.heal(&["musical"]);
        musical
    };
    kill(&host, "reservation", 3, refused, |park, musical| {
        park.settle_now();
        assert_eq!(park.seats(musical), 2);
    });
}

#[test]
fn a_client_that_repeats_its_request_after_a_crash_reserves_once() {
    let Some(host) = host() else { return };
    let park = OuterPark::of(&host);
    let musical = park.register(10);
    let keyed = |key: &str| park.client.with("idempotency-key", key.to_owned());
    // The first request of all has Redis learn the scripts, too.
    let _ = keyed("before").post(RESERVATIONS, asking(musical.number, 1)).expect(201);
    let client = keyed("asked-twice");
    // After the key's claim, the guard's question, the id and the intent.
    park.host.crash("outerpark-reservation", 4, Trigger::Http);
    let _ = client.post(RESERVATIONS, asking(musical.number, 4)).expect(500);
    park.heal(&["reservation"]);
    park.settle_now();
    let answer = client.post(RESERVATIONS, asking(musical.number, 4)).expect(201);
    park.check();
    assert_eq!(park.seats(musical), 5);
    assert_eq!(park.all("reservations").len(), 2, "{answer}");
}
