//! How every context is.

use madang::http::Response;
use maud::{Markup, html};
use serde_json::Value;

use crate::log::Log;
use crate::model::System;
use crate::reach::{self, Told};
use crate::shell::{self, Page};
use crate::standing::{Questions, Standing};
use crate::systems::SYSTEMS;
use crate::visit::Visit;

use super::operator::{self, Operator};
use super::{ROOT, component};

/// The page. `problem` is what is wrong with the last order.
pub(super) fn show(visit: &Visit, status: u16, problem: Option<&str>) -> Response {
    let operator = operator::of(visit);
    let host = (operator == Operator::Known).then(|| reach::get_of_host("/status")).flatten();
    let asked: Vec<_> = SYSTEMS.into_iter().map(|system| (system, Questions::to(system))).collect();
    let faults = host.and_then(|host| host.succeed().ok()).map(|told: Told| told.body);
    let main = html! {
        (shell::heading("", visit.pick("Operations", "운영"), visit.pick(
            "How every context is at this moment.",
            "지금 모든 컨텍스트의 상태입니다.",
        )))
        @if let Some(problem) = problem {
            div.said.bad #said role="alert" tabindex="-1" { p { (problem) } }
        }
        section.card aria-label=(visit.pick("Operator", "운영자")) {
            (operator::door(visit))
            @if operator == Operator::Known && faults.is_none() {
                p.hint { (visit.pick(
                    "This host offers no faults to try (Spin has none).",
                    "이 호스트는 고장 실험을 제공하지 않습니다(Spin에는 없음).",
                )) }
            }
        }
        div #standing data-refresh {
            @for (system, questions) in asked { (table(visit, system, questions, faults.as_ref())) }
        }
    };
    let title = visit.pick("Operations", "운영").to_owned();
    shell::show(visit, status, Page { title, system: None, name: "operations", busy: false, main })
}

fn table(
    visit: &Visit,
    system: &'static System,
    questions: Questions,
    faults: Option<&Value>,
) -> Markup {
    let log = Log::of(system);
    let standings = questions.answers(log.as_ref().ok());
    let title = format!("{}-heading", system.name);
    let columns = [
        visit.pick("Context", "컨텍스트"),
        visit.pick("Standing", "상태"),
        visit.pick("Behind", "지연"),
        visit.pick("Dead letters", "데드 레터"),
        visit.pick("Breakers", "차단기"),
        visit.pick("Shed", "거절한 요청"),
    ];
    html! {
        section.card aria-labelledby=(title) {
            h2 #(title) { (visit.say(system.title)) }
            @if let Err(why) = &log { p.state.bad { (why) } }
            table {
                (shell::titles(visit, &columns, faults.is_some()))
                tbody {
                    @for standing in &standings {
                        (row(visit, system, standing, &columns, faults))
                    }
                }
            }
        }
    }
}

fn row(
    visit: &Visit,
    system: &System,
    standing: &Standing,
    columns: &[&str; 6],
    faults: Option<&Value>,
) -> Markup {
    let context = standing.context;
    let id = component(system, context);
    let letters = format!("{ROOT}/{}/{}", system.name, context.name);
    html! {
        tr id=(format!("at-{id}")) {
            td data-label=(columns[0]) {
                span { strong { (visit.say(context.title)) } " " code { (context.name) } }
            }
            td data-label=(columns[1]) {
                @match &standing.info {
                    Ok(_) => span.badge.good { (visit.pick("up", "정상")) },
                    Err(why) => span { span.badge.bad { (visit.pick("down", "멈춤")) } " " span.why { (why) } },
                }
            }
            td data-label=(columns[2]) {
                span.number.late[standing.lag > 0] { (standing.lag) }
            }
            td data-label=(columns[3]) {
                a.number.late[standing.dead > 0] href=(letters) {
                    (standing.dead) span.unseen { " " (visit.say(context.title)) }
                }
            }
            td data-label=(columns[4]) { (breakers(visit, system, standing)) }
            td data-label=(columns[5]) {
                @match &standing.info {
                    Ok(info) => span.number { (info["shed"].as_u64().unwrap_or(0)) },
                    Err(_) => span.none { "—" },
                }
            }
            @if let Some(faults) = faults {
                td.actions { (tries(visit, &id, &faults["components"][&id]["faults"])) }
            }
        }
    }
}

fn breakers(visit: &Visit, system: &System, standing: &Standing) -> Markup {
    let breakers = standing.info.as_ref().ok().and_then(|info| info["breakers"].as_array());
    let breakers = breakers.map(Vec::as_slice).unwrap_or_default();
    html! {
        @if breakers.is_empty() { span.none { "—" } }
        @for breaker in breakers {
            @let state = breaker["state"].as_str().unwrap_or_default();
            @let target = breaker["target"].as_str().unwrap_or_default();
            @let (class, said) = match state {
                "closed" => ("good", visit.pick("closed", "닫힘")),
                "open" => ("bad", visit.pick("open", "열림")),
                _ => ("busy", visit.pick("half-open", "반열림")),
            };
            span {
                "→ " (system.context(target).map_or(target, |context| visit.say(context.title))) " "
                span.badge.(class) { (said) }
            }
        }
    }
}

/// The faults that can be put into a component.
fn tries(visit: &Visit, id: &str, faults: &Value) -> Markup {
    let is_down = faults["down"] == true;
    let delay = faults["delay"]["maxMs"].as_u64();
    let has_fault = is_down || delay.is_some() || faults["crash"].is_object();
    let button = |what: &str, said: &str| {
        html! {
            form method="post" action=(format!("{ROOT}/fault")) {
                input type="hidden" name="component" value=(id);
                input type="hidden" name="do" value=(what);
                button.quiet type="submit" { (said) span.unseen { " " (id) } }
            }
        }
    };
    html! {
        @if let Some(delay) = delay { span.badge.bad { (visit.pick("late by ", "지연 ")) (delay) " ms" } }
        @if faults["crash"].is_object() { span.badge.bad { (visit.pick("will crash", "곧 죽음")) } }
        @if has_fault {
            (button("heal", visit.pick("Heal", "복구")))
        } @else {
            (button("down", visit.pick("Take down", "멈추기")))
            (button("delay", visit.pick("Slow down", "늦추기")))
            (button("crash", visit.pick("Crash once", "한 번 죽이기")))
        }
    }
}
