//! The same saga in words, which is what the drawing says to who cannot see it.

use maud::{Markup, html};

use crate::visit::Visit;
use crate::words::Lang;

use super::drawing::lapse;
use super::saga::{Mark, Saga, Step};

pub(super) fn show(visit: &Visit, saga: &Saga) -> Markup {
    html! {
        h2 { (visit.pick("In words", "글로 보기")) }
        ol.steps { @for step in &saga.steps { li { (line(visit, saga, step)) } } }
    }
}

fn line(visit: &Visit, saga: &Saga, step: &Step) -> Markup {
    let title = |name: &str| {
        let found = saga.contexts.iter().find(|context| context.name == name);
        found.map_or_else(|| name.to_owned(), |context| visit.say(context.title).to_owned())
    };
    match (step, visit.lang) {
        (Step::Asked { to }, Lang::Ko) => {
            html! { "클라이언트가 " strong { (title(to)) } "에 요청했습니다." }
        }
        (Step::Asked { to }, Lang::En) => html! { "A client asked " strong { (title(to)) } "." },
        (Step::Called { from, call }, Lang::Ko) => html! {
            strong { (title(from)) } " → " strong { (title(call.to)) } ": " code { (call.question) } " 호출, 승낙"
        },
        (Step::Called { from, call }, Lang::En) => html! {
            strong { (title(from)) } " asked " strong { (title(call.to)) } ": " code { (call.question) } ", and got a yes."
        },
        (Step::Told { entry, from, hearers }, lang) => html! {
            span.time { (lapse(saga.after(entry))) } " "
            strong { (title(from)) } ": " code { (entry.event.kind) }
            " (#" (entry.number) ", " (entry.event.subject) ")"
            @for (hearer, mark) in hearers {
                " · " span.mark.(class(*mark)) { (title(hearer)) " " (said(lang, *mark)) }
            }
            details {
                summary { (visit.pick("Data", "데이터")) span.unseen { " #" (entry.number) } }
                pre { (serde_json::to_string_pretty(&entry.event.data).unwrap_or_default()) }
            }
        },
    }
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Heard => "good",
        Mark::Waiting => "busy",
        Mark::Away | Mark::Dead => "bad",
    }
}

fn said(lang: Lang, mark: Mark) -> &'static str {
    match mark {
        Mark::Heard => lang.pick("handled it", "처리함"),
        Mark::Waiting => lang.pick("has not yet", "처리 전"),
        Mark::Away => lang.pick("is down", "멈춤"),
        Mark::Dead => lang.pick("gave it up", "포기함"),
    }
}
