//! Flow: the latest sagas of a system, and one of them as a drawing of who told whom what, and who has heard it.

mod drawing;
mod saga;
mod table;

use madang::http::Response;
use maud::{Markup, html};

use crate::log::{Entry, Log};
use crate::model::System;
use crate::shell::{self, Page};
use crate::standing::Questions;
use crate::visit::Visit;

use saga::Saga;

/// Events that the list of sagas is made from.
const LATEST: u32 = 200;
/// Events that are looked through for one saga.
const WITHIN: u32 = 1000;

/// The latest sagas.
pub(crate) fn list(visit: &Visit, system: &'static System) -> Response {
    let upto = visit.number("upto");
    let found = Log::of(system).and_then(|log| log.latest(upto, LATEST));
    let body = match &found {
        Ok(entries) => latest(visit, system, entries),
        Err(why) => unread(visit, why),
    };
    let main = html! {
        (shell::heading(visit.say(system.title), visit.pick("Flow", "흐름"), visit.pick(
            "What followed from each request, as the log has it. Choose one to see who told whom.",
            "요청마다 이어진 이벤트입니다. 하나를 고르면 누가 누구에게 알렸는지 볼 수 있습니다.",
        )))
        section.card aria-label=(visit.pick("Latest sagas", "최근 흐름")) {
            div #sagas data-refresh { (body) }
        }
    };
    page(visit, system, 200, false, main)
}

/// One saga.
pub(crate) fn one(visit: &Visit, system: &'static System, id: &str) -> Response {
    let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned();
    let questions = Questions::to(system);
    let found = Log::of(system).and_then(|log| {
        let from = match visit.number("at") {
            Some(at) => at,
            None => log.head()?.saturating_sub(WITHIN.into()),
        };
        let entries = log.saga(&id, from.max(1), WITHIN)?;
        Ok((log, entries))
    });
    let (status, busy, body) = match found {
        Err(why) => (503, true, unread(visit, &why)),
        Ok((log, entries)) if entries.is_empty() => {
            drop(log);
            (404, true, nothing(visit))
        }
        Ok((log, entries)) => {
            let saga = Saga::of(system, entries, questions.answers(Some(&log)), &log);
            let body = html! {
                div.scroll tabindex="0" role="region" aria-label=(visit.pick("Drawing", "그림")) {
                    (drawing::draw(visit, &saga))
                }
                (drawing::legend(visit))
                (table::show(visit, &saga))
            };
            (200, saga.is_under_way(), body)
        }
    };
    let main = html! {
        (shell::heading(visit.say(system.title), visit.pick("Flow of one request", "요청 하나의 흐름"), ""))
        p.crumb {
            a href=(format!("/pages/{}/flow", system.name)) {
                "← " (visit.pick("All sagas", "모든 흐름"))
            }
            " " code.saga { (id) }
        }
        section.card aria-label=(visit.pick("What happened", "일어난 일")) {
            div #saga data-refresh { (body) }
        }
    };
    page(visit, system, status, busy, main)
}

fn page(visit: &Visit, system: &'static System, status: u16, busy: bool, main: Markup) -> Response {
    let title = format!("{} · {}", visit.pick("Flow", "흐름"), visit.say(system.title));
    shell::show(visit, status, Page { title, system: Some(system), name: "flow", busy, main })
}

fn unread(visit: &Visit, why: &str) -> Markup {
    let says = visit.pick(
        "The log cannot be read at the moment. It is tried again by itself.",
        "지금 로그를 읽을 수 없습니다. 저절로 다시 시도합니다.",
    );
    shell::trouble(html! { (says) }, why)
}

fn nothing(visit: &Visit) -> Markup {
    html! {
        p.state.empty { (visit.pick(
            "Nothing was told about this request: it was refused, failed, or is not yet done. What is told \
             shows up here by itself.",
            "이 요청에 대해 알려진 이벤트가 없습니다. 거절되었거나, 실패했거나, 아직 끝나지 않았습니다. 알려지면 \
             저절로 나타납니다.",
        )) }
    }
}

/// One line for each saga.
struct Line<'e> {
    saga: &'e str,
    /// Its events, the first first.
    entries: Vec<&'e Entry>,
}

fn latest(visit: &Visit, system: &System, entries: &[Entry]) -> Markup {
    let mut lines: Vec<Line> = Vec::new();
    for entry in entries {
        let saga = entry.event.correlationid.as_str();
        match lines.iter_mut().find(|line| line.saga == saga) {
            Some(line) => line.entries.insert(0, entry),
            None => lines.push(Line { saga, entries: vec![entry] }),
        }
    }
    let oldest = entries.last().map_or(0, |entry| entry.number);
    html! {
        @if lines.is_empty() {
            p.state.empty { (visit.pick("Nothing has happened yet.", "아직 일어난 일이 없습니다.")) }
        } @else {
            table {
                (shell::titles(visit, &columns(visit), true))
                tbody {
                    @for line in lines.iter().take(25) { (row(visit, system, line)) }
                }
            }
        }
        @if oldest > 1 {
            nav.pages aria-label=(visit.pick("Older", "이전")) {
                a href=(visit.link(&[("upto", &(oldest - 1).to_string())])) {
                    (visit.pick("Older", "이전")) " →"
                }
            }
        }
    }
}

fn columns(visit: &Visit) -> [&'static str; 3] {
    [
        visit.pick("When (UTC)", "시각 (UTC)"),
        visit.pick("About", "대상"),
        visit.pick("Events", "이벤트"),
    ]
}

fn row(visit: &Visit, system: &System, line: &Line) -> Markup {
    let Some(first) = line.entries.first() else { return html! {} };
    let columns = columns(visit);
    let saga: String = form_urlencoded::byte_serialize(line.saga.as_bytes()).collect();
    // The first that is seen here may have others before it.
    let at = first.number.saturating_sub(50).max(1);
    let time = first.event.time.get(..19).unwrap_or(&first.event.time).replace('T', " ");
    html! {
        tr id=(format!("saga-{saga}")) {
            td data-label=(columns[0]) { time datetime=(first.event.time) { (time) } }
            td data-label=(columns[1]) { code { (first.event.subject) } }
            td data-label=(columns[2]) {
                ol.chain { @for entry in &line.entries { li { (entry.event.kind) } } }
            }
            td.actions {
                a.button.quiet href=(format!("/pages/{}/flow/{saga}?at={at}", system.name)) {
                    (visit.pick("Draw", "그림 보기"))
                    span.unseen { " " (first.event.subject) }
                }
            }
        }
    }
}
