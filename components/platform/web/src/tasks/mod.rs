//! An actor's page: its forms and lists, shown and carried out.

mod field;
mod form;
mod gather;
mod list;
mod send;
mod value;

use madang::http::Response;
use maud::{Markup, html};
use serde_json::Value;

use crate::model::{Action, Deed, Form, Page, Sends, System};
use crate::shell;
use crate::visit::Visit;
use crate::words::Words;

pub(crate) use send::post;

use gather::Gathered;

/// What became of a form that was not carried out, or that asked something.
#[derive(Default)]
struct Reply {
    /// The form or the deed.
    name: String,
    /// What was filled in.
    values: Vec<(String, String)>,
    /// What is wrong with fields, by their names.
    errors: Vec<(String, String)>,
    /// What is wrong as a whole; empty where nothing is.
    problem: String,
    /// Whether it may have been done all the same.
    is_unknown: bool,
    /// The answer to what was asked.
    answer: Option<Value>,
}

impl Reply {
    /// What was filled in under this name.
    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The page.
pub(crate) fn get(visit: &Visit, system: &'static System, page: &'static Page) -> Response {
    show(visit, system, page, 200, &Reply::default())
}

fn show(
    visit: &Visit,
    system: &'static System,
    page: &'static Page,
    status: u16,
    reply: &Reply,
) -> Response {
    let gathered = Gathered::now(visit, system, page);
    let busy = gathered.is_busy();
    let main = html! {
        (shell::heading(visit.say(system.title), visit.say(page.actor), visit.say(page.lead)))
        (said(visit, system, page, reply))
        div.work.single[page.forms.is_empty()] {
            @if !page.forms.is_empty() {
                div.forms {
                    @for form in page.forms { (form::show(visit, form, &gathered, reply)) }
                }
            }
            div.lists {
                @for list in page.lists { (list::show(visit, system, list, &gathered)) }
            }
        }
    };
    let title = format!("{} · {}", visit.say(page.actor), visit.say(system.title));
    shell::show(
        visit,
        status,
        shell::Page { title, system: Some(system), name: page.name, busy, main },
    )
}

/// What became of the last request.
fn said(visit: &Visit, system: &System, page: &Page, reply: &Reply) -> Markup {
    if !reply.problem.is_empty() {
        let title = match reply.is_unknown {
            true => visit.pick("It may have been done or not", "처리되었는지 알 수 없습니다"),
            false => visit.pick("That was not done", "처리하지 못했습니다"),
        };
        return html! {
            div.said.bad #said role="alert" tabindex="-1" {
                h2 { (title) }
                p { (reply.problem) }
                @if !reply.errors.is_empty() {
                    ul {
                        @for (name, error) in &reply.errors {
                            li { a href=(format!("#{}-{name}", reply.name)) { (label(visit, page, reply, name)) ": " (error) } }
                        }
                    }
                }
            }
        };
    }
    let Some((words, is_bad)) = visit.parameter("done").and_then(|done| told(page, done)) else {
        return html! {};
    };
    let saga = visit.parameter("saga").filter(|saga| saga.bytes().all(|b| b.is_ascii_graphic()));
    html! {
        div.said.(if is_bad { "bad" } else { "good" }) #said role="status" tabindex="-1" {
            p {
                @if let Some(item) = visit.number("item") { strong { "#" (item) } " " }
                (visit.say(words))
            }
            @if let Some(saga) = saga {
                p {
                    a href=(flow(system, saga, visit.number("at"))) {
                        (visit.pick("Follow what happens", "이어지는 흐름 보기"))
                    }
                }
            }
        }
    }
}

/// Where a saga is drawn. `at` is the number of the event before it.
fn flow(system: &System, saga: &str, at: Option<u64>) -> String {
    let saga: String = form_urlencoded::byte_serialize(saga.as_bytes()).collect();
    let at = at.map(|at| format!("?at={at}")).unwrap_or_default();
    format!("/pages/{}/flow/{saga}{at}", system.name)
}

/// What is said of a form or a deed that was done, and whether it failed all the same.
fn told(page: &Page, done: &str) -> Option<(Words, bool)> {
    let (name, failed) = match done.strip_suffix(".failed") {
        Some(name) => (name, true),
        None => (done, false),
    };
    if let Some(form) = form_named(page, name) {
        return match form.failed {
            Some((_, words)) if failed => Some((words, true)),
            _ => Some((form.done, false)),
        };
    }
    deed_named(page, name).map(|deed| (deed.done, false))
}

fn form_named(page: &Page, name: &str) -> Option<&'static Form> {
    page.forms.iter().find(|form| form.name == name)
}

fn deed_named(page: &Page, name: &str) -> Option<&'static Deed> {
    let actions = page.lists.iter().flat_map(|list| list.actions);
    let deeds = actions.filter_map(|action| match action {
        Action::Deed(deed) => Some(deed),
        Action::Open { .. } => None,
    });
    deeds.into_iter().find(|deed| deed.name == name)
}

fn label(visit: &Visit, page: &Page, reply: &Reply, name: &str) -> String {
    let fields = form_named(page, &reply.name).into_iter().flat_map(|form| form.fields);
    let field = fields.into_iter().find(|field| field.name == name);
    field.map_or_else(|| name.to_owned(), |field| visit.say(field.label).to_owned())
}

/// Whether a form is there without a row that opens it.
fn is_always_there(form: &Form) -> bool {
    !matches!(form.sends, Sends::Patch(_))
}
