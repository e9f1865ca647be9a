//! Map: the contexts of a system, whom each asks, and who hears whom; with what passed lately, and how far behind
//! each is.

mod drawing;

use madang::http::Response;
use maud::{Markup, html};

use crate::log::{Entry, Log};
use crate::model::{Context, System};
use crate::shell::{self, Page};
use crate::standing::{Questions, Standing};
use crate::topology::Topology;
use crate::visit::Visit;
use crate::words::Lang;

/// Events that traffic is counted among.
const LATEST: u32 = 300;

/// How one context reaches another.
pub(crate) struct Link {
    from: &'static str,
    to: &'static str,
    /// What is asked, or the events that are heard.
    what: Vec<&'static str>,
    is_call: bool,
    /// How many of the latest events passed here.
    passed: usize,
}

/// The map of a system.
pub(crate) fn get(visit: &Visit, system: &'static System) -> Response {
    let questions = Questions::to(system);
    let log = Log::of(system);
    let entries = log
        .as_ref()
        .map_or_else(|_| Vec::new(), |log| log.latest(None, LATEST).unwrap_or_default());
    let standings = questions.answers(log.as_ref().ok());
    let links = links(system, &entries);
    let busy = standings.iter().any(|standing| standing.lag > 0);
    let main = html! {
        (shell::heading(visit.say(system.title), visit.pick("Map", "지도"), visit.pick(
            "Who asks whom, and who hears whom: as the contexts' own definitions say, with what passed lately.",
            "누가 누구를 호출하고 누가 누구의 이벤트를 듣는지, 그리고 최근에 얼마나 오갔는지 보여 줍니다.",
        )))
        section.card aria-label=(visit.pick("Map", "지도")) {
            div #map data-refresh {
                @if let Err(why) = &log {
                    (shell::trouble(html! { (visit.pick(
                        "The log cannot be read at the moment: traffic and lag may be missing.",
                        "지금 로그를 읽을 수 없어 통행량과 지연이 빠져 있을 수 있습니다.",
                    )) }, why))
                }
                div.scroll tabindex="0" role="region" aria-label=(visit.pick("Drawing", "그림")) {
                    (drawing::draw(visit, system, &standings, &links))
                }
                (lately(visit, &entries))
                (table(visit, system, &standings, &links))
            }
        }
    };
    let title = format!("{} · {}", visit.pick("Map", "지도"), visit.say(system.title));
    shell::show(visit, 200, Page { title, system: Some(system), name: "map", busy, main })
}

fn links(system: &System, entries: &[Entry]) -> Vec<Link> {
    let told = |context: &str, events: &[&str]| {
        entries
            .iter()
            .filter(|e| e.context() == context && events.contains(&e.event.kind.as_str()))
            .count()
    };
    let calls = system.contexts.iter().flat_map(|context: &Context| {
        context.calls.iter().map(|call| Link {
            from: context.name,
            to: call.to,
            what: vec![call.question],
            is_call: true,
            passed: told(context.name, call.before),
        })
    });
    let heard = Topology::of(system).links().into_iter().map(|(from, to, what)| {
        let passed = told(from, &what);
        Link { from, to, what, is_call: false, passed }
    });
    calls.chain(heard).collect()
}

/// What the numbers are about.
fn lately(visit: &Visit, entries: &[Entry]) -> Markup {
    let (Some(last), Some(first)) = (entries.first(), entries.last()) else { return html! {} };
    let between = last.time().duration_since(first.time()).unwrap_or_default();
    let between = humantime::format_duration(std::time::Duration::from_secs(between.as_secs()));
    html! {
        p.hint {
            @if visit.lang == Lang::Ko {
                "숫자는 최근 이벤트 " (entries.len()) "건(" (between) " 동안) 가운데 지나간 수입니다."
            } @else {
                "Numbers count the latest " (entries.len()) " events, told within " (between) "."
            }
        }
    }
}

fn table(visit: &Visit, system: &System, standings: &[Standing], links: &[Link]) -> Markup {
    let title = |name: &str| system.context(name).map_or("", |context| visit.say(context.title));
    let lag = |name: &str| standings.iter().find(|s| s.context.name == name).map_or(0, |s| s.lag);
    let columns = [
        visit.pick("From", "누가"),
        visit.pick("To", "누구에게"),
        visit.pick("How", "방식"),
        visit.pick("What", "무엇"),
        visit.pick("Lately", "최근"),
        visit.pick("Behind", "지연"),
    ];
    html! {
        table {
            (shell::titles(visit, &columns, false))
            tbody {
                @for link in links {
                    tr id=(format!("link-{}-{}-{}", link.from, link.to, link.is_call)) {
                        td data-label=(columns[0]) { (title(link.from)) }
                        td data-label=(columns[1]) { (title(link.to)) }
                        td data-label=(columns[2]) {
                            @if link.is_call { (visit.pick("call", "호출")) }
                            @else { (visit.pick("event", "이벤트")) }
                        }
                        td data-label=(columns[3]) {
                            span { @for what in &link.what { code { (what) } " " } }
                        }
                        td data-label=(columns[4]) { span.number { (link.passed) } }
                        td data-label=(columns[5]) {
                            @if !link.is_call { span.number { (lag(link.to)) } }
                        }
                    }
                }
            }
        }
    }
}
