//! What notice tells customers: to its log, or to a gateway, which may be away.

use madang_testing::{Host, eventually};
use madang_tests::outerpark::OuterPark;
use madang_tests::{Gateway, SETTLING};
use serde_json::{Value, json};

fn host(gateway: &Gateway) -> Host {
    gateway.of_messages(Host::builder()).start()
}

/// Waits until notice owes no message.
fn delivered(park: &OuterPark) {
    eventually(SETTLING, || {
        let info = park.info("notice");
        if info["messages"]["waiting"] == 0 { Ok(()) } else { Err(info.to_string()) }
    });
}

#[test]
fn customers_are_told_of_their_payments_through_the_gateway() {
    let gateway = Gateway::start();
    let host = host(&gateway);
    let park = OuterPark::of(&host);
    let reservation = park.reserve(park.register(5), 1);
    park.settle();
    park.cancel(reservation);
    park.check();
    delivered(&park);
    let payment = park.payments_of(reservation)[0]["id"].clone();
    let messages = gateway.messages();
    let mut told: Vec<_> = messages.values().map(|message| message["data"].clone()).collect();
    told.sort_by_key(Value::to_string);
    let recipient = format!("payments/{payment}");
    let expected = ["ApprovedPayment", "PaymentCanceled"]
        .map(|text| json!({"recipient": recipient, "text": text}));
    assert_eq!(told, expected);
    for (key, message) in &messages {
        let kind = (&message["type"], &message["source"], &message["id"]);
        assert_eq!(kind, (&json!("Message"), &json!("/outerpark/notice"), &json!(key)));
    }
}

#[test]
fn a_gateway_that_is_away_holds_nobody_up_and_gets_each_message_once_it_is_back() {
    let gateway = Gateway::start();
    gateway.set_away(true);
    let host = host(&gateway);
    let park = OuterPark::of(&host);
    let musical = park.register(5);
    let reservations = [1, 2].map(|seats| park.reserve(musical, seats));
    park.check();
    assert_eq!(park.all("notices").len(), 2);
    assert_eq!(park.info("notice")["messages"]["waiting"], 2);
    for reservation in reservations {
        assert_eq!(park.page_of(reservation)["status"], "ApprovedPayment");
    }
    gateway.set_away(false);
    delivered(&park);
    assert_eq!(gateway.messages().len(), 2);
    assert_eq!(park.info("notice")["messages"], json!({"waiting": 0, "dead": 0}));
}

#[test]
fn without_a_gateway_they_are_told_in_the_log_of_the_component() {
    let host = Host::start();
    let park = OuterPark::of(&host);
    let reservation = park.reserve(park.register(5), 1);
    park.check();
    delivered(&park);
    assert_eq!(park.info("notice")["messages"], json!({"waiting": 0, "dead": 0}));
    let payment = &park.payments_of(reservation)[0]["id"];
    let told = format!("\"payments/{payment}\": \"ApprovedPayment\"");
    if host.has_faults() {
        let logs = std::fs::read_dir(host.state_dir().join("logs")).expect("the logs");
        let texts = logs.map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap());
        assert_eq!(texts.filter(|text| text.contains(&told)).count(), 1);
    }
}
