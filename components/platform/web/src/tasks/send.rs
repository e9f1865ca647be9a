//! What was posted, carried out: a request to the context whose it is, and then back to the page, which says what
//! became of it.

use madang::http::Response;
use serde_json::{Map, Value};

use crate::log::Log;
use crate::model::{Deed, Form, Given, Page, Sends, System};
use crate::reach::{self, Told};
use crate::visit::{self, Visit};
use crate::words::refusal;

use super::{Reply, deed_named, field, form_named, show};

/// What a context says of a form that was sent again while the first is at work, or would be if it were alive.
const RUNNING: &str = "the first request with this Idempotency-Key is still running";

/// Carries out a form or a deed.
pub(crate) fn post(visit: &Visit, system: &'static System, page: &'static Page) -> Response {
    let values = visit.form();
    let value = |name: &str| find(&values, name);
    if let Some(form) = value("form").and_then(|name| form_named(page, name)) {
        return fill_in(visit, system, page, form, values);
    }
    if let Some(deed) = value("do").and_then(|name| deed_named(page, name)) {
        return act(visit, system, page, deed, &values);
    }
    let problem = visit.pick("This page has no such form.", "이 페이지에 없는 양식입니다.");
    show(visit, system, page, 400, &Reply { problem: problem.to_owned(), ..Reply::default() })
}

fn find<'v>(values: &'v [(String, String)], name: &str) -> Option<&'v str> {
    values.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

/// An id as it stands in a path.
fn id_of(values: &[(String, String)]) -> Option<u64> {
    find(values, "id")?.parse().ok()
}

fn fill_in(
    visit: &Visit,
    system: &'static System,
    page: &'static Page,
    form: &'static Form,
    values: Vec<(String, String)>,
) -> Response {
    let (mut body, mut errors) = (Map::new(), Vec::new());
    for field in form.fields {
        match field::read(field, find(&values, field.name)) {
            Ok(Some(value)) => drop(body.insert(field.name.to_owned(), value)),
            Ok(None) => {}
            Err(why) => errors.push((field.name.to_owned(), refusal(visit.lang, why))),
        }
    }
    let mut reply = Reply { name: form.name.to_owned(), errors, ..Reply::default() };
    if !reply.errors.is_empty() {
        reply.problem =
            visit.pick("Some fields are missing.", "비어 있는 항목이 있습니다.").to_owned();
        reply.values = values;
        return show(visit, system, page, 400, &reply);
    }
    let at = before(system);
    let body = Value::Object(body);
    let (path, id) = (form.sends.path(), id_of(&values));
    let told = match (&form.sends, id) {
        (Sends::Patch(_), Some(id)) => {
            reach::order("PATCH", &format!("/{path}/{id}"), None, Some(&body))
        }
        _ => reach::order("POST", &format!("/{path}"), find(&values, "key"), Some(&body)),
    };
    match told {
        Ok(told) if told.is_success() => {
            if let Sends::Ask(..) = form.sends {
                reply.answer = Some(told.body);
                reply.values = values;
                return show(visit, system, page, 200, &reply);
            }
            let failed = form.failed.is_some_and(|(status, _)| told.body["status"] == status);
            let done = format!("{}{}", form.name, if failed { ".failed" } else { "" });
            let who = remembered(page, form, &body);
            back(visit, &done, &told, at, who)
        }
        told => {
            reply.values = values;
            refuse(visit, system, page, reply, told)
        }
    }
}

fn act(
    visit: &Visit,
    system: &'static System,
    page: &'static Page,
    deed: &'static Deed,
    values: &[(String, String)],
) -> Response {
    let reply = Reply { name: deed.name.to_owned(), ..Reply::default() };
    let path = match (deed.id, id_of(values)) {
        ("", _) => format!("/{}", deed.path),
        (_, Some(id)) => format!("/{}/{id}", deed.path),
        (_, None) => {
            let problem =
                visit.pick("It is not said which one.", "무엇에 대한 요청인지 알 수 없습니다.");
            return show(visit, system, page, 400, &Reply { problem: problem.to_owned(), ..reply });
        }
    };
    let body: Map<_, _> = deed
        .body
        .iter()
        .map(|(name, given)| {
            let value = match given {
                Given::Text(text) => Value::from(*text),
                Given::Field(_) => {
                    let text = find(values, name).unwrap_or_default();
                    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
                }
            };
            ((*name).to_owned(), value)
        })
        .collect();
    let at = before(system);
    let body = (!body.is_empty()).then_some(Value::Object(body));
    match reach::order(deed.method, &path, None, body.as_ref()) {
        Ok(told) if told.is_success() => back(visit, deed.name, &told, at, None),
        told => refuse(visit, system, page, reply, told),
    }
}

/// The number of the last event before what is about to happen; it tells the flow where to begin.
fn before(system: &System) -> Option<u64> {
    Log::of(system).and_then(|log| log.head()).ok()
}

/// What a form said of who filled it in, where the page has a list that is narrowed by it.
fn remembered<'b>(page: &Page, form: &Form, body: &'b Value) -> Option<(&'static str, &'b Value)> {
    let searches = page.lists.iter().filter_map(|list| list.search.as_ref());
    let names = searches.map(|search| search.field);
    let mut own = names.filter(|name| form.fields.iter().any(|field| field.name == *name));
    own.next().map(|name| (name, &body[name]))
}

/// Back to the page, which says what was done.
fn back(
    visit: &Visit,
    done: &str,
    told: &Told,
    at: Option<u64>,
    who: Option<(&str, &Value)>,
) -> Response {
    let item = told.body["id"].as_u64().map(|id| id.to_string()).unwrap_or_default();
    let at = at.map(|at| at.to_string()).unwrap_or_default();
    let saga = told.header("x-correlation-id").unwrap_or_default();
    let who = who.map(|(name, value)| (name, super::value::text_of(value)));
    let mut changes = vec![
        ("open", ""),
        ("id", ""),
        ("done", done),
        ("item", &item),
        ("saga", saga),
        ("at", &at),
    ];
    if let Some((name, value)) = &who {
        changes.push((name, value));
    }
    visit::see(&format!("{}#said", visit.link(&changes)))
}

/// The page again, with what is wrong.
fn refuse(
    visit: &Visit,
    system: &'static System,
    page: &'static Page,
    mut reply: Reply,
    told: Result<Told, String>,
) -> Response {
    let told = match told {
        // 503 is a refusal; these leave it open what was done before whoever should have answered ended.
        Ok(told) if !matches!(told.status, 500 | 502 | 504) => told,
        unknown => {
            let status = unknown.map_or(504, |told| told.status);
            let text = visit.pick(
                "There was no answer. Send the same form again: it is not done twice.",
                "응답이 없었습니다. 같은 양식을 다시 보내세요. 두 번 처리되지 않습니다.",
            );
            (reply.problem, reply.is_unknown) = (text.to_owned(), true);
            return show(visit, system, page, status, &reply);
        }
    };
    for error in told.body["errors"].as_array().into_iter().flatten() {
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        reply.errors.push((text("property").to_owned(), refusal(visit.lang, text("message"))));
    }
    let detail = told.body["detail"].as_str().unwrap_or_default();
    reply.is_unknown = detail == RUNNING;
    reply.problem = match (reply.errors.is_empty(), detail) {
        (false, _) => visit.pick("Some fields need another look.", "다시 확인할 항목이 있습니다.").to_owned(),
        (true, "") => visit.pick(
            "The context is down or overloaded; nothing was done. Please try again shortly.",
            "담당하는 쪽이 멈춰 있거나 바쁩니다. 처리된 것은 없으니 잠시 후 다시 시도해 주세요.",
        ).to_owned(),
        (true, detail) => refusal(visit.lang, detail),
    };
    show(visit, system, page, told.status, &reply)
}
