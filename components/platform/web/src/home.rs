//! The front page: the systems, and what can be seen of them.

use madang::http::Response;
use maud::html;

use crate::shell::{self, Page};
use crate::systems::SYSTEMS;
use crate::visit::Visit;

/// The front page.
pub(crate) fn get(visit: &Visit) -> Response {
    let main = html! {
        div.hero {
            h1 { "마당 " span.latin lang="en" { "Madang" } }
            p.lead { (visit.pick(
                "Five systems of small services that talk in events. Do what their people do, and watch what \
                 follows.",
                "작은 서비스들이 이벤트로 이야기하는 다섯 시스템입니다. 직접 일을 해 보고, 무엇이 이어지는지 \
                 지켜보세요.",
            )) }
        }
        ul.systems-list {
            @for system in SYSTEMS {
                li.card {
                    h2 { (visit.say(system.title)) }
                    p { (visit.say(system.about)) }
                    ul.doors {
                        @for page in system.pages {
                            li {
                                a.button href=(format!("/pages/{}/{}", system.name, page.name)) {
                                    (visit.say(page.actor))
                                    span.unseen { ": " (visit.say(system.title)) }
                                }
                            }
                        }
                    }
                    p.see {
                        a href=(format!("/pages/{}/flow", system.name)) {
                            (visit.pick("Flow", "흐름")) span.unseen { ": " (visit.say(system.title)) }
                        }
                        " · "
                        a href=(format!("/pages/{}/map", system.name)) {
                            (visit.pick("Map", "지도")) span.unseen { ": " (visit.say(system.title)) }
                        }
                        " · "
                        a href=(format!("/{}", system.name)) {
                            "REST" span.unseen { ": " (visit.say(system.title)) }
                        }
                    }
                }
            }
            li.card {
                h2 { (visit.pick("Operations", "운영")) }
                p { (visit.pick(
                    "How every context is: lag, breakers, dead letters; and faults to try what happens.",
                    "모든 컨텍스트의 상태와 지연, 차단기, 데드 레터를 보고 고장도 내 봅니다.",
                )) }
                ul.doors {
                    li { a.button href="/pages/operations" { (visit.pick("Open", "열기"))
                        span.unseen { ": " (visit.pick("Operations", "운영")) } } }
                }
            }
        }
    };
    let title = visit.pick("The courtyard", "다섯 시스템의 뜰").to_owned();
    shell::show(visit, 200, Page { title, system: None, name: "", busy: false, main })
}
