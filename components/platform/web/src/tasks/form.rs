//! A form, empty, opened by a row, or as it was filled in.

use maud::{Markup, html};
use serde_json::Value;

use crate::model::{Column, Field, Form, Kind, Sends};
use crate::shell;
use crate::visit::Visit;

use super::field::{self, State};
use super::gather::Gathered;
use super::value::{self, text_of};
use super::{Reply, is_always_there};

/// The form; nothing of one that no row has opened yet and that needs one.
pub(super) fn show(
    visit: &Visit,
    form: &'static Form,
    gathered: &Gathered,
    reply: &Reply,
) -> Markup {
    let opened = gathered.opened.as_ref().filter(|(name, ..)| *name == form.name);
    if opened.is_none() && !is_always_there(form) {
        return html! {};
    }
    let filled = (reply.name == form.name).then_some(reply);
    let title = format!("{}-heading", form.name);
    // Sent twice, by a second click, a reload, or because nobody knows what became of it, it is done once.
    let sent = filled.filter(|reply| reply.is_unknown).and_then(|reply| reply.value("key"));
    let key = sent.map_or_else(|| format!("{:016x}{:016x}", random(), random()), str::to_owned);
    html! {
        section.card id=(form.name) aria-labelledby=(title) {
            h2 #(title) {
                (visit.say(form.title))
                @if let Some((_, id, _)) = opened { span.id { " #" (id) } }
            }
            form method="post" action=(format!("{}#said", visit.link(&[]))) novalidate {
                input type="hidden" name="form" value=(form.name);
                input type="hidden" name="key" value=(key);
                @if let Some((_, id, _)) = opened { input type="hidden" name="id" value=(id); }
                @for field in form.fields {
                    (field::show(visit, field, &state(visit, form, field, opened.map(|(.., item)| item), filled)))
                }
                button.main type="submit" { (visit.say(form.button)) }
            }
            @if let (Sends::Ask(_, columns, none), Some(answer)) =
                (&form.sends, filled.and_then(|reply| reply.answer.as_ref()))
            {
                div.answer role="status" {
                    h3 { (visit.say(form.done)) }
                    @match answer.as_array().map(Vec::as_slice).unwrap_or_default() {
                        [] => p.state.busy { (visit.say(*none)) },
                        rows => table {
                            (shell::titles(visit, &titles(visit, columns), false))
                            tbody { @for row in rows { tr { @for column in *columns {
                                td data-label=(visit.say(column.label)) {
                                    (value::show(visit, column.show, &row[column.field]))
                                }
                            } } } }
                        },
                    }
                }
            }
        }
    }
}

fn state<'r>(
    visit: &Visit,
    form: &'static Form,
    field: &Field,
    opened: Option<&Value>,
    filled: Option<&'r Reply>,
) -> State<'r> {
    let error = filled.and_then(|reply| {
        let found = reply.errors.iter().find(|(name, _)| name == field.name);
        found.map(|(_, error)| error.as_str())
    });
    let was = filled.map(|reply| reply.value(field.name).unwrap_or_default().to_owned());
    let value = match (field.kind, was) {
        (Kind::Secret, _) => String::new(),
        (_, Some(was)) => was,
        (Kind::Flag, None) => "true".to_owned(),
        (_, None) => {
            let row = opened.zip(field.from).map(|(item, from)| text_of(&item[from]));
            // Who has said who they are need not say it again.
            row.or_else(|| visit.parameter(field.name).map(str::to_owned)).unwrap_or_default()
        }
    };
    State { form: form.name, value, error }
}

fn titles(visit: &Visit, columns: &[Column]) -> Vec<&'static str> {
    columns.iter().map(|column| visit.say(column.label)).collect()
}

fn random() -> u64 {
    madang::spin::random()
}
