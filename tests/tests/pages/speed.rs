//! How long pages take at the server with 10,000 rents stored. The aim is 60 ms each; the limit of the test is
//! generous, since it shares its machine with others. `target/screenshots/speed.txt` has the figures.

use madang_testing::browser::target;
use madang_testing::{Client, eventually, in_parallel};
use madang_tests::SETTLING;
use serde_json::json;
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use crate::support::settings;

const RENTS: usize = 10_000;
const LIMIT: Duration = Duration::from_secs(2);

#[test]
fn pages_stay_quick_with_ten_thousand_rents() {
    let host = settings().start();
    let client = host.client();
    in_parallel(16, |n| {
        for i in (n..RENTS).step_by(16) {
            let book =
                client.post("/bookrent/books", json!({"title": format!("{i}"), "status": true}));
            let id = book.expect(201).json()["id"].clone();
            let rent = json!({"bookId": id, "userId": 1 + i % 10, "address": "Seoul"});
            client.post("/bookrent/rents", rent).expect(201);
        }
    });
    for context in ["book", "delivery", "view"] {
        eventually(SETTLING * 3, || {
            let info = client.get(&format!("/bookrent/-/{context}/info")).expect(200).json();
            if info["lag"] == 0 { Ok(()) } else { Err(info.to_string()) }
        });
    }
    let saga = saga(&client);
    let mut figures = String::new();
    for path in [
        "/",
        "/pages/bookrent/rent",
        "/pages/bookrent/rent?userId=3",
        "/pages/bookrent/rent?mine.page=900",
        "/pages/bookrent/books",
        "/pages/bookrent/flow",
        &saga,
        "/pages/bookrent/map",
        "/pages/lecture/classes",
        "/pages/operations",
    ] {
        let mut times: Vec<Duration> = (0..30)
            .map(|_| {
                let begin = Instant::now();
                client.get(path).expect(200);
                begin.elapsed()
            })
            .collect();
        times.sort_unstable();
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        let _ = writeln!(figures, "{:>8.1} ms  {:>8.1} ms  {path}", ms(median), ms(worst));
        assert!(median < LIMIT, "{path}: {median:?}");
    }
    let file = target().join("screenshots/speed.txt");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, format!("  median        worst\n{figures}")).unwrap();
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Where the last saga is drawn.
#[track_caller]
fn saga(client: &Client) -> String {
    let list = client.get("/pages/bookrent/flow").expect(200).text();
    let begin = list.find("/pages/bookrent/flow/").expect("there are sagas");
    list[begin..].split('"').next().unwrap_or_default().to_owned()
}
