//! K-Vaccine: vaccines arrive, a person reserves a day, the hospital vaccinates them, and another one changes their
//! mind. The registration number is nowhere but in the request.

use madang_testing::browser::Look;

use crate::support::{Reader, SHARED, settings};

const NUMBER: &str = "890309-2766876";

#[test]
fn a_day_is_reserved_and_the_person_vaccinated() {
    // Its own: whoever else reserves would stand in the same lists.
    let host = settings().start();
    let reader = Reader::of(&host, Look::WIDE);

    reader.visit("/pages/kvaccine/stock");
    for vaccine in ["Pfizer", "Moderna", "Janssen", "AstraZeneca"] {
        reader.fill("#arrive-vaccineType", vaccine);
        reader.fill("#arrive-vaccineCount", "100");
        reader.click("#arrive button");
        reader.await_text("#said", "in stock");
        reader.await_text("#balance", vaccine);
    }

    reader.visit("/pages/kvaccine/reserve");
    reader.submit("days", &[("userName", "Taeyeon Kim"), ("userRegNumber", "890309-1")]);
    reader.await_text("#days-userRegNumber-error", "must be yyMMdd-Nnnnnnn");
    // What was wrong about it is said; the number itself is not.
    assert_eq!(
        reader.run(
            "return document.querySelector('#days-userRegNumber').value",
            serde_json::json!([])
        ),
        ""
    );
    reader.fill("#days-userRegNumber", NUMBER);
    reader.click("#days button");
    reader.await_text("#days .answer", "Days with places left");
    let day = reader.text("#days .answer tbody tr:nth-child(4) td:first-child");
    reader.check_access();

    reader.fill("#reserve-userName", "Taeyeon Kim");
    reader.fill("#reserve-userRegNumber", NUMBER);
    reader.set("#reserve-reserveDate", &day);
    reader.click("#reserve button");
    reader.await_text("#said", "The reservation is made");
    reader.await_text("#dashboard tbody tr:first-child", "890309-2******");
    reader.await_text("#dashboard tbody tr:first-child", &day);
    let address = reader.url();
    assert!(!address.contains("890309"), "{address}");

    reader.visit("/pages/kvaccine/hospital");
    reader.click("#hospital tbody tr:first-child button");
    reader.await_text("#said", "The vaccination is recorded.");
    reader.await_text("#hospital tbody tr:first-child", "INJECT");
    reader.visit("/pages/kvaccine/dashboard");
    reader.await_text("#dashboard tbody tr:first-child", "INJECT");

    // Who is vaccinated has nothing to cancel.
    reader.go("/pages/kvaccine/reserve");
    reader.fill("#cancel-userRegNumber", NUMBER);
    reader.click("#cancel button");
    reader.await_text("#said.bad", "injected already");
    let page = reader.run("return document.documentElement.outerHTML", serde_json::json!([]));
    assert!(!page.as_str().unwrap().contains("2766876"), "the page has the number");
    reader.leave();
}

#[test]
fn a_reservation_is_cancelled() {
    let host = SHARED.host();
    let reader = Reader::of(&host, Look { lang: "ko", ..Look::PHONE });
    reader.visit("/pages/kvaccine/reserve");
    reader.submit("days", &[("userName", "이지은"), ("userRegNumber", "930619-2377821")]);
    let day = reader.text("#days .answer tbody tr:nth-child(2) td:first-child");
    reader.fill("#reserve-userName", "이지은");
    reader.fill("#reserve-userRegNumber", "930619-2377821");
    reader.set("#reserve-reserveDate", &day);
    reader.click("#reserve button");
    reader.await_text("#said", "예약했습니다");
    reader.await_text("#dashboard", "이지은");
    reader.fill("#cancel-userRegNumber", "930619-2377821");
    reader.click("#cancel button");
    reader.await_text("#said", "예약을 취소했습니다");
    reader.await_text("#dashboard", "취소");
    reader.leave();
}
