//! What all pages have: head, navigation, footer, and the headers that keep a browser from doing more than the
//! pages need.

use madang::http::Response;
use maud::{DOCTYPE, Markup, html};

use crate::assets;
use crate::model::System;
use crate::systems::SYSTEMS;
use crate::visit::Visit;
use crate::words::Lang;

/// Nothing from another host, nothing that is written into a page, and nobody may frame it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Milliseconds between two looks while something is under way, and otherwise.
const OFTEN: u32 = 1000;
const SELDOM: u32 = 4000;

/// A page.
pub(crate) struct Page<'p> {
    /// What it is called.
    pub(crate) title: String,
    /// The system that it is about.
    pub(crate) system: Option<&'static System>,
    /// Its name among the system's pages, or among all; empty for the front page.
    pub(crate) name: &'p str,
    /// Whether something on it is under way, so that it should look again soon.
    pub(crate) busy: bool,
    /// What is on it.
    pub(crate) main: Markup,
}

/// A page as an answer.
pub(crate) fn show(visit: &Visit, status: u16, page: Page) -> Response {
    let every = if page.busy { OFTEN } else { SELDOM };
    let lang = visit.lang;
    let markup = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · 마당 Madang" }
                link rel="icon" type="image/svg+xml" href=(assets::icon());
                link rel="stylesheet" href=(assets::style());
                script defer src=(assets::script()) {}
            }
            body data-every=(every) data-busy=(visit.pick("One moment…", "처리 중…")) {
                a.skip href="#main" { (visit.pick("Skip to the content", "본문으로 건너뛰기")) }
                (header(visit, &page))
                main #main tabindex="-1" { (page.main) }
                p #lost.lost role="status" hidden {
                    (visit.pick(
                        "The connection is gone; what you see is from before. It is tried again by itself.",
                        "연결이 끊겨 이전 내용을 보고 있습니다. 저절로 다시 시도합니다.",
                    ))
                }
                footer.foot {
                    p { (visit.pick(
                        "Madang (마당): the courtyard that a house's rooms share.",
                        "마당(Madang): 한 집의 여러 방이 함께 쓰는 뜰.",
                    )) }
                    noscript {
                        p {
                            a href=(visit.here()) { (visit.pick("Refresh this page", "새로 고침")) }
                        }
                    }
                }
            }
        }
    };
    let mut response = Response::empty(status)
        .with("content-type", "text/html; charset=utf-8")
        .with("content-language", lang.tag())
        .with("vary", "accept-language, cookie")
        .with("cache-control", "no-store")
        .with("content-security-policy", POLICY)
        .with("x-content-type-options", "nosniff")
        // An Origin is sent with our own forms only where a referrer would be.
        .with("referrer-policy", "same-origin")
        .with("cross-origin-opener-policy", "same-origin");
    response.body = markup.into_string().into_bytes();
    response
}

fn header(visit: &Visit, page: &Page) -> Markup {
    let is_here = |system: &System| page.system.is_some_and(|here| here.name == system.name);
    let other = if visit.lang == Lang::Ko { Lang::En } else { Lang::Ko };
    let back = if visit.request.method == "POST" { visit.link(&[]) } else { visit.here() };
    let to: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    let current = |is: bool| is.then_some("page");
    html! {
        header.head {
            div.bar {
                a.brand href="/" {
                    img src=(assets::icon()) alt="" width="28" height="28";
                    span { "마당" } " " span.latin lang="en" { "Madang" }
                }
                nav.systems aria-label=(visit.pick("Systems", "시스템")) {
                    ul {
                        @for system in SYSTEMS {
                            li {
                                a href=(format!("/pages/{}/{}", system.name, system.pages[0].name))
                                    aria-current=[is_here(system).then_some("true")] {
                                    (visit.say(system.title))
                                }
                            }
                        }
                        li {
                            a href="/pages/operations"
                                aria-current=[current(page.name == "operations")] {
                                (visit.pick("Operations", "운영"))
                            }
                        }
                    }
                }
                a.language href=(format!("/pages/language/{}?to={to}", other.tag()))
                    lang=(other.tag()) hreflang=(other.tag()) {
                    @if other == Lang::Ko { "한국어" } @else { "English" }
                }
            }
            @if let Some(system) = page.system {
                nav.within aria-label=(visit.say(system.title)) {
                    ul {
                        @for each in system.pages {
                            li {
                                a href=(format!("/pages/{}/{}", system.name, each.name))
                                    aria-current=[current(each.name == page.name)] {
                                    (visit.say(each.actor))
                                }
                            }
                        }
                        li.apart {
                            a href=(format!("/pages/{}/flow", system.name))
                                aria-current=[current(page.name == "flow")] {
                                (visit.pick("Flow", "흐름"))
                            }
                        }
                        li {
                            a href=(format!("/pages/{}/map", system.name))
                                aria-current=[current(page.name == "map")] {
                                (visit.pick("Map", "지도"))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a page is called, below what it belongs to, and what it is for.
pub(crate) fn heading(of: &str, title: &str, lead: &str) -> Markup {
    html! {
        div.title {
            @if !of.is_empty() { p.eyebrow { (of) } }
            h1 { (title) }
            @if !lead.is_empty() { p.lead { (lead) } }
        }
    }
}

/// What is said in the place of something that cannot be read, and why.
pub(crate) fn trouble(says: Markup, why: &str) -> Markup {
    html! {
        div.state.bad {
            p { (says) }
            p.why { (why) }
        }
    }
}

/// The head of a table with these columns, and with one more for what can be done.
pub(crate) fn titles(visit: &Visit, columns: &[&str], has_actions: bool) -> Markup {
    html! {
        thead {
            tr {
                @for column in columns { th scope="col" { (column) } }
                @if has_actions {
                    th.tries scope="col" { span.unseen { (visit.pick("Actions", "할 일")) } }
                }
            }
        }
    }
}

/// A page that says why there is nothing to see.
pub(crate) fn plain(visit: &Visit, status: u16, title: &str, text: &str) -> Response {
    let main = html! {
        div.hero {
            h1 { (title) }
            p.lead { (text) }
            p { a.button href="/" { (visit.pick("To the front page", "처음으로")) } }
        }
    };
    let page = Page { title: title.to_owned(), system: None, name: "none", busy: false, main };
    show(visit, status, page)
}

/// The page where there is none.
pub(crate) fn missing(visit: &Visit) -> Response {
    let text = visit.pick(
        "The address may be mistyped, or what it was about is gone.",
        "주소가 잘못되었거나 없어진 페이지입니다.",
    );
    plain(visit, 404, visit.pick("There is no such page", "페이지가 없습니다"), text)
}

/// The answer to a form that is none of ours.
pub(crate) fn foreign(visit: &Visit) -> Response {
    let text = visit.pick(
        "This form was sent by a page of somebody else, or by no page at all. Nothing was done. Programs \
         use the REST API.",
        "다른 곳에서 보낸 요청이라 처리하지 않았습니다. 프로그램은 REST API를 사용하세요.",
    );
    plain(visit, 403, visit.pick("Nothing was done", "처리하지 않았습니다"), text)
}
