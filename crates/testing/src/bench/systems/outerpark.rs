//! OuterPark: people reserve seats of musicals.

use super::{
    desk::{CLIENTS, Commands, Desk, with_body, without_body},
    trade::{Begun, Facts, Reads, Trade, ask},
};
use anyhow::{Result, ensure};
use madang_testing::{
    Client,
    outerpark::{CONTEXTS, asking},
};
use serde_json::{Value, json};

const MUSICALS: &str = "/outerpark/musicals";
const RESERVATIONS: &str = "/outerpark/reservations";
/// So many that those who reserve at once seldom want the same one.
const STAGES: usize = 512;
const SEATS: u64 = 900_000;

/// See above.
#[derive(Default)]
pub struct Seats {
    /// How many musicals were registered, under the numbers from 1 up.
    registered: u64,
    reservations: Vec<u64>,
}

impl Trade for Seats {
    fn facts(&self) -> Facts {
        Facts {
            name: "outerpark",
            title: "OuterPark",
            hearing: &["payment", "reservation", "musical", "notice", "customer-center"],
            asked: &["musical", "reservation"],
            saga: "`POST /outerpark/reservations` → paid, on My Page",
            main: ("musicals", "musical"),
        }
    }

    fn measure(&mut self, desk: &mut Desk) -> Result<()> {
        let (count, system) = (desk.commands, self.facts().name);
        let musicals = desk.command(self.create(count))?;
        let changed = |number: usize| json!({"musicalId": number + 1, "name": format!("Changed {number}"), "reservableSeat": SEATS});
        let of = musicals.clone();
        let path = move |number| format!("{MUSICALS}/{}", of[number]);
        desk.command(with_body("PUT /outerpark/musicals/{id}", count, path, changed, |musical| {
            musical["name"].as_str().is_some_and(|name| name.starts_with("Changed"))
        }))?;
        let of = musicals.clone();
        let path = move |number| format!("{MUSICALS}/{}", of[number]);
        let fewer = |_| json!({"reservableSeat": SEATS - 1});
        desk.command(with_body("PATCH /outerpark/musicals/{id}", count, path, fewer, |musical| {
            musical["reservableSeat"] == SEATS - 1
        }))?;
        desk.site.settle(system, &CONTEXTS)?;
        let reservations = desk.command(self.main(count))?;
        desk.site.settle(system, &CONTEXTS)?;

        let whats = ["GET /outerpark/musicals/{id}", "GET /outerpark/musicals"];
        desk.read_collection(whats, &musicals)?;
        let numbers = self.registered as usize;
        desk.read("GET /outerpark/musicals/search/findByMusicalId", move |number| {
            let musical = number % numbers + 1;
            let path = format!("{MUSICALS}/search/findByMusicalId?musicalId={musical}");
            (path, format!("\"musicalId\":{musical},"))
        })?;
        let whats = ["GET /outerpark/reservations/{id}", "GET /outerpark/reservations"];
        desk.read_collection(whats, &reservations)?;
        let ids = desk.ids(system, "payments")?;
        ensure!(ids.len() == count, "{} payments of {count} reservations", ids.len());
        let whats = ["GET /outerpark/payments/{id}", "GET /outerpark/payments"];
        desk.read_collection(whats, &ids)?;
        let of = reservations.clone();
        desk.read("GET /outerpark/payments/search/findByReservationId", move |number| {
            found("payments", of[number % of.len()])
        })?;
        let ids = desk.ids(system, "notices")?;
        desk.read_collection(["GET /outerpark/notices/{id}", "GET /outerpark/notices"], &ids)?;
        let ids = desk.ids(system, "myPages")?;
        desk.read_collection(["GET /outerpark/myPages/{id}", "GET /outerpark/myPages"], &ids)?;
        self.made(reservations.clone());
        let (what, view) = self.view();
        desk.read(what, view)?;

        let path = move |number| format!("{RESERVATIONS}/{}", reservations[number]);
        desk.command(without_body("DELETE /outerpark/reservations/{id}", count, path))?;
        desk.site.settle(system, &CONTEXTS)
    }

    fn supply(&mut self, desk: &Desk, _: usize) -> Result<()> {
        if self.registered == 0 {
            desk.load(CLIENTS, self.create(STAGES))?;
        }
        desk.site.settle(self.facts().name, &CONTEXTS)
    }

    fn main(&mut self, count: usize) -> Commands {
        let musicals = self.registered.min(STAGES as u64);
        let body = move |number: usize| asking(number as u64 % musicals + 1, 1);
        let reserved = |reservation: &Value| reservation["status"] == "SeatsReserved";
        let path = |_| RESERVATIONS.to_owned();
        with_body("POST /outerpark/reservations", count, path, body, reserved)
    }

    fn view(&self) -> (&'static str, Reads) {
        let of = self.reservations.clone();
        let read = move |number: usize| found("myPages", of[number % of.len()]);
        ("GET /outerpark/myPages/search/findByReservationId", Box::new(read))
    }

    fn made(&mut self, ids: Vec<u64>) {
        self.reservations = ids;
    }

    fn begin(&mut self, client: &Client) -> Result<Begun> {
        let reservation = ask(client, "POST", RESERVATIONS, asking(1, 1))?;
        let id = reservation["id"].as_u64().unwrap_or_default();
        Ok(Begun {
            path: found("myPages", id).0,
            is_settled: Box::new(|page| page["_embedded"]["myPages"][0]["paymentId"].is_u64()),
        })
    }

    fn create(&mut self, count: usize) -> Commands {
        let before = self.registered;
        self.registered += count as u64;
        let body = move |number: usize| {
            let musical = before + number as u64 + 1;
            json!({"musicalId": musical, "name": "명성황후", "reservableSeat": SEATS})
        };
        let made = |musical: &Value| musical["reservableSeat"] == SEATS;
        with_body("POST /outerpark/musicals", count, |_| MUSICALS.to_owned(), body, made)
    }
}

fn found(collection: &str, reservation: u64) -> (String, String) {
    let search = format!("search/findByReservationId?reservationId={reservation}");
    (format!("/outerpark/{collection}/{search}"), format!("\"reservationId\":{reservation},"))
}
