//! K-Vaccine: people reserve a day, cancel, and are injected.

use super::{
    desk::{CLIENTS, Commands, Desk, with_body},
    trade::{Begun, Facts, Reads, Trade, ask},
};
use crate::site::Site;
use anyhow::{Context, Result, ensure};
use madang_testing::{
    Client,
    kvaccine::{CONTEXTS, Person},
};
use serde_json::json;

const RESERVE: &str = "/kvaccine/user/reserve";
const STOCKS: &str = "/kvaccine/vaccineStocks";
const VACCINES: [&str; 4] = ["Pfizer", "Moderna", "Janssen", "AstraZeneca"];

/// See above.
#[derive(Default)]
pub struct Vaccinations {
    /// Those that can be reserved, without those at the edges: a run may go on over midnight.
    days: Vec<String>,
    /// Who wanted a day last.
    people: Vec<Person>,
    dashboards: Vec<u64>,
}

impl Vaccinations {
    fn open(&mut self, site: &Site) -> Result<()> {
        let days = ask(&site.client, "POST", "/kvaccine/user/date", Person::new().asks())?;
        let days: Option<Vec<_>> = days
            .as_array()
            .map(|days| days.iter().filter_map(|day| day["date"].as_str()).collect());
        let days = days.filter(|days| days.len() == 10).context("kvaccine tells no days")?;
        self.days = days[3..7].iter().map(|day| (*day).to_owned()).collect();
        Ok(())
    }
}

impl Trade for Vaccinations {
    fn facts(&self) -> Facts {
        Facts {
            name: "kvaccine",
            title: "K-Vaccine",
            hearing: &["reservation", "hospital", "vaccine-stock", "user", "dashboard"],
            asked: &["user"],
            saga: "`POST /kvaccine/user/reserve` → vaccine drawn, on the dashboard",
            main: ("users", "user"),
        }
    }

    fn measure(&mut self, desk: &mut Desk) -> Result<()> {
        let (count, system) = (desk.commands, self.facts().name);
        self.open(desk.site)?;
        let arrives = |number| json!({"vaccineType": VACCINES[number % 4], "vaccineCount": 1000});
        let path = |_| STOCKS.to_owned();
        let what = "POST /kvaccine/vaccineStocks";
        let arrivals = with_body(what, count, path, arrives, |entry| entry["vaccineCount"] == 1000);
        // Each changes the one balance, by the version that it has read.
        let stocks = desk.command(arrivals.by(4))?;
        let asks = |_| Person::new().asks();
        let path = |_| "/kvaccine/user/date".to_owned();
        desk.command(with_body("POST /kvaccine/user/date", count, path, asks, |days| {
            days.as_array().is_some_and(|days| days.len() == 10)
        }))?;
        let users = desk.command(self.main(count))?;
        desk.site.settle(system, &CONTEXTS)?;

        desk.read_collection(["GET /kvaccine/users/{id}", "GET /kvaccine/users"], &users)?;
        let ids = desk.ids(system, "reservations")?;
        ensure!(ids.len() == count, "{} reservations of {count} users", ids.len());
        let whats = ["GET /kvaccine/reservations/{id}", "GET /kvaccine/reservations"];
        desk.read_collection(whats, &ids)?;
        let of = users.clone();
        desk.read("GET /kvaccine/reservations/search/findByUserId", move |number| {
            let user = of[number % of.len()];
            let path = format!("/kvaccine/reservations/search/findByUserId?userId={user}");
            (path, format!("\"userId\":{user},"))
        })?;
        let ids = desk.ids(system, "hospitals")?;
        desk.read_collection(["GET /kvaccine/hospitals/{id}", "GET /kvaccine/hospitals"], &ids)?;
        let whats = ["GET /kvaccine/vaccineStocks/{id}", "GET /kvaccine/vaccineStocks"];
        desk.read_collection(whats, &stocks)?;
        let balance = |_| ("/kvaccine/stock".to_owned(), "\"vaccineCount\":".to_owned());
        desk.read("GET /kvaccine/stock", balance)?;
        let ids = desk.ids(system, "dashboards")?;
        let whats = ["GET /kvaccine/dashboards/{id}", "GET /kvaccine/dashboards"];
        desk.read_collection(whats, &ids)?;
        let reserved = "\"reserveStatus\":\"RESERVE\"";
        desk.read("GET /kvaccine/dashboard/list", move |_| {
            ("/kvaccine/dashboard/list?size=20".to_owned(), reserved.to_owned())
        })?;
        desk.read("GET /kvaccine/dashboard/list/{vaccineType}", move |number| {
            let vaccine = VACCINES[number % 4];
            let path = format!("/kvaccine/dashboard/list/{vaccine}?size=20");
            (path, format!("\"vaccineType\":\"{vaccine}\""))
        })?;

        let (injected, people) = (count / 2, std::mem::take(&mut self.people));
        let path = |_| "/kvaccine/hospital/inject".to_owned();
        let body = move |number: usize| json!({"userId": users[number]});
        desk.command(with_body(
            "POST /kvaccine/hospital/inject",
            injected,
            path,
            body,
            |hospital| hospital["reserveStatus"] == "INJECT",
        ))?;
        desk.site.settle(system, &CONTEXTS)?;
        let path = |_| "/kvaccine/user/cancel".to_owned();
        let body = move |number: usize| people[injected + number].cancels();
        let what = "POST /kvaccine/user/cancel";
        desk.command(with_body(what, count - injected, path, body, |user| {
            user["reserveStatus"] == "CANCEL"
        }))?;
        desk.site.settle(system, &CONTEXTS)
    }

    fn supply(&mut self, desk: &Desk, _: usize) -> Result<()> {
        self.open(desk.site)?;
        if self.dashboards.is_empty() {
            let first = self.main(CLIENTS);
            desk.load(1, first)?;
        }
        desk.site.settle(self.facts().name, &CONTEXTS)?;
        self.dashboards = desk.ids(self.facts().name, "dashboards")?;
        Ok(())
    }

    fn main(&mut self, count: usize) -> Commands {
        let days = self.days.clone();
        self.people = (0..count).map(|_| Person::new()).collect();
        let people = self.people.clone();
        let body = move |number: usize| people[number].wants(&days[number % days.len()]);
        let path = |_| RESERVE.to_owned();
        with_body("POST /kvaccine/user/reserve", count, path, body, |user| {
            user["reserveStatus"] == "RESERVE"
        })
    }

    fn view(&self) -> (&'static str, Reads) {
        let ids = self.dashboards.clone();
        let read = move |number: usize| {
            let id = ids[number % ids.len()];
            (format!("/kvaccine/dashboards/{id}"), format!("\"id\":{id},"))
        };
        ("GET /kvaccine/dashboards/{id}", Box::new(read))
    }

    fn made(&mut self, _: Vec<u64>) {}

    fn begin(&mut self, client: &Client) -> Result<Begun> {
        let user = ask(client, "POST", RESERVE, Person::new().wants(&self.days[0]))?;
        let id = user["id"].clone();
        Ok(Begun {
            path: "/kvaccine/dashboards?size=1&sort=id,desc".to_owned(),
            is_settled: Box::new(move |page| {
                let newest = &page["_embedded"]["dashboards"][0];
                newest["userId"] == id && newest["vaccineType"].is_string()
            }),
        })
    }

    fn create(&mut self, count: usize) -> Commands {
        self.main(count)
    }
}
