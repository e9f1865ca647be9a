//! The dead letters of a context: events that it could not handle.

use madang::http::Response;
use maud::{Markup, html};
use serde_json::Value;

use crate::model::{Context, System};
use crate::reach;
use crate::shell::{self, Page};
use crate::visit::Visit;

use super::ROOT;
use super::operator::{self, Operator};

/// The page. `problem` is what is wrong with the last order.
pub(super) fn show(
    visit: &Visit,
    system: &'static System,
    context: &'static Context,
    status: u16,
    problem: Option<&str>,
) -> Response {
    let of = format!("{} · {}", visit.say(system.title), visit.say(context.title));
    let may = operator::of(visit) == Operator::Known;
    let main = html! {
        (shell::heading(&of, visit.pick("Dead letters", "데드 레터"), visit.pick(
            "Events that could not be handled, each tried as often as is set. Mend the reason, then replay \
             them; or drop what need not be handled.",
            "정해진 횟수만큼 시도해도 처리하지 못한 이벤트입니다. 원인을 고친 뒤 다시 처리하거나, 필요 없으면 \
             버립니다.",
        )))
        p.crumb { a href=(ROOT) { "← " (visit.pick("Operations", "운영")) } }
        @if let Some(problem) = problem {
            div.said.bad #said role="alert" tabindex="-1" { p { (problem) } }
        }
        section.card aria-label=(visit.pick("Dead letters", "데드 레터")) {
            @if may {
                div #letters data-refresh { (list(visit, system, context)) }
            } @else {
                p.state.empty { (visit.pick(
                    "What stands in them is shown to operators.",
                    "내용은 운영자에게만 보입니다.",
                )) }
                (operator::door(visit))
            }
        }
    };
    let title =
        format!("{} · {}", visit.pick("Dead letters", "데드 레터"), visit.say(context.title));
    shell::show(visit, status, Page { title, system: None, name: "operations", busy: false, main })
}

fn list(visit: &Visit, system: &System, context: &Context) -> Markup {
    let path = format!("/{}/-/{}/dead-letters", system.name, context.name);
    let told = match reach::get_within(&path).succeed() {
        Ok(told) => told,
        Err(why) => {
            let says = visit.pick(
                "It does not answer at the moment; the letters are kept.",
                "지금 응답하지 않습니다. 데드 레터는 그대로 남아 있습니다.",
            );
            return shell::trouble(html! { (says) }, &why);
        }
    };
    let letters = told.body["deadLetters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let columns = [
        visit.pick("Event", "이벤트"),
        visit.pick("When (UTC)", "시각 (UTC)"),
        visit.pick("Tries", "시도"),
        visit.pick("Reason", "이유"),
    ];
    html! {
        @if letters.is_empty() {
            p.state.empty { (visit.pick("There are none.", "없습니다.")) }
        } @else {
            table {
                (shell::titles(visit, &columns, true))
                tbody { @for letter in letters { (row(visit, system, context, letter, &columns)) } }
            }
        }
    }
}

fn row(
    visit: &Visit,
    system: &System,
    context: &Context,
    letter: &Value,
    columns: &[&str; 4],
) -> Markup {
    let number = letter["number"].as_u64().unwrap_or(0);
    let text = |name: &str| letter[name].as_str().unwrap_or_default();
    let button = |what: &str, said: &str| {
        html! {
            form method="post" action=(format!("{ROOT}/{}/{}", system.name, context.name)) {
                input type="hidden" name="number" value=(number);
                input type="hidden" name="do" value=(what);
                button.quiet type="submit" { (said) span.unseen { " #" (number) } }
            }
        }
    };
    let saga = letter["event"]["correlationid"].as_str().unwrap_or_default();
    let saga: String = form_urlencoded::byte_serialize(saga.as_bytes()).collect();
    let at = number.saturating_sub(200).max(1);
    html! {
        tr id=(format!("letter-{number}")) {
            td data-label=(columns[0]) {
                a href=(format!("/pages/{}/flow/{saga}?at={at}", system.name)) { "#" (number) " " (text("type")) }
            }
            td data-label=(columns[1]) { (text("time")) }
            td data-label=(columns[2]) { (letter["tries"].as_u64().unwrap_or(0)) }
            td data-label=(columns[3]) { span.why { (text("reason")) } }
            td.actions {
                (button("replay", visit.pick("Replay", "다시 처리")))
                (button("drop", visit.pick("Drop", "버리기")))
            }
        }
    }
}
