//! `madang breakers`: what every component says in its info of the calls that it makes, and what was
//! turned away from it.

use crate::{
    app::plan::info_path,
    client::{self, block_on, fetch},
    supervisor::state_dir::Running,
    table::{aligned, cell},
};
use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// How long a component may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The table's columns, and the breaker's members that they show.
const COLUMNS: [(&str, &str); 7] = [
    ("TARGET", "target"),
    ("STATE", "state"),
    ("SINCE", "since"),
    ("CALLS", "calls"),
    ("FAILED", "failed"),
    ("RETRIES", "retries"),
    ("CUT OFF", "cutOff"),
];

/// What each component of the running application that has an info says in it: `breakers` and
/// `shed`; or why it says nothing, as `error`.
pub fn ask(state_dir: &Path) -> Result<Value> {
    let running = Running::read(state_dir)?;
    let status: Value = serde_json::from_str(&client::status(state_dir)?)?;
    let certificate = running.certificate.as_deref();
    let components = status["components"].as_object().into_iter().flatten();
    let asked = components.filter_map(|(id, component)| {
        let path = info_path(component["ready"].as_str()?)?;
        let url = format!("{}{path}", running.http);
        Some(async move {
            let said = match info(&url, certificate, ANSWER).await {
                Ok(info) => json!({ "breakers": info["breakers"], "shed": info["shed"] }),
                Err(error) => json!({ "error": format!("{error:#}") }),
            };
            (id.clone(), said)
        })
    });
    Ok(Value::Object(block_on(join_all(asked))?.into_iter().collect()))
}

/// What a component says in its info.
pub async fn info(url: &str, certificate: Option<&str>, limit: Duration) -> Result<Value> {
    let request = Request::get(url).body(Full::default())?;
    let response = fetch(request, certificate, limit).await?;
    ensure!(response.status().is_success(), "{url} answers {}", response.status());
    serde_json::from_slice(response.body())
        .with_context(|| format!("{url} does not answer with JSON"))
}

/// The same as lines of aligned columns. A component that calls nobody has a line if something was
/// turned away from it.
pub fn table(said: &Value) -> String {
    let row = |first: &str, middle: [String; COLUMNS.len()], last: String| -> Vec<String> {
        [first.to_owned()].into_iter().chain(middle).chain([last]).collect()
    };
    let titles = COLUMNS.map(|(title, _)| title.to_owned());
    let mut rows = vec![row("COMPONENT", titles, "SHED".to_owned())];
    for (id, said) in said.as_object().into_iter().flatten() {
        if let Some(error) = said["error"].as_str() {
            rows.push(vec![id.clone(), error.to_owned()]);
            continue;
        }
        let row = |breaker: &Value| {
            row(id, COLUMNS.map(|(_, member)| cell(&breaker[member])), cell(&said["shed"]))
        };
        match said["breakers"].as_array().map(Vec::as_slice).unwrap_or_default() {
            [] if said["shed"].as_u64().unwrap_or_default() == 0 => {}
            [] => rows.push(row(&Value::Null)),
            breakers => rows.extend(breakers.iter().map(row)),
        }
    }
    aligned(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breakers_stand_in_columns() {
        let breaker = json!({
            "target": "book", "state": "open", "since": "2026-11-21T06:00:00Z",
            "calls": 12, "failed": 7, "retries": 3, "cutOff": 1200,
        });
        let fresh = json!({
            "target": "bank", "state": "closed", "since": null,
            "calls": 0, "failed": 0, "retries": 0, "cutOff": 0,
        });
        let said = json!({
            "rent": { "breakers": [breaker, fresh], "shed": 5 },
            "book": { "breakers": [], "shed": 70 },
            "view": { "breakers": [], "shed": 0 },
            "delivery-of-books": { "error": "http://h/info answers 503 Service Unavailable" },
        });
        assert_eq!(
            table(&said),
            "\
COMPONENT          TARGET  STATE   SINCE                 CALLS  FAILED  RETRIES  CUT OFF  SHED
rent               book    open    2026-11-21T06:00:00Z  12     7       3        1200     5
rent               bank    closed  -                     0      0       0        0        5
book               -       -       -                     -      -       -        -        70
delivery-of-books  http://h/info answers 503 Service Unavailable
"
        );
    }
}
