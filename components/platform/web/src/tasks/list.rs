//! A list: its rows, what is under way in them, what can be done with them, and what is said where there are none
//! or where they cannot be read.

use maud::{Markup, html};
use serde_json::Value;

use crate::model::{Action, Column, Given, List, System};
use crate::shell;
use crate::visit::Visit;

use super::gather::{Gathered, Rows, Standing, is_pending, searched};
use super::value::{self, grouped, is_for, text_of};

pub(super) fn show(visit: &Visit, system: &System, list: &List, gathered: &Gathered) -> Markup {
    let title = format!("{}-heading", list.name);
    html! {
        section.card aria-labelledby=(title) {
            h2 #(title) { (visit.say(list.title)) }
            @if let Some(search) = &list.search {
                form.search method="get" action=(visit.request.path) role="search" {
                    label for=(format!("{}-search", list.name)) { (visit.say(search.label)) }
                    input id=(format!("{}-search", list.name)) name=(search.field) autocomplete="off"
                        value=(searched(visit, search).unwrap_or_default());
                    button type="submit" { (visit.pick("Show", "보기")) }
                    @if searched(visit, search).is_some() {
                        a href=(visit.link(&[(search.field, "")])) { (visit.pick("Show all", "전체 보기")) }
                    }
                }
            }
            div id=(list.name) data-refresh aria-live="polite" aria-relevant="additions text" {
                @match gathered.rows(list) {
                    Some(Ok(rows)) => (table(visit, system, list, gathered, rows)),
                    Some(Err(why)) => (unread(visit, system, list, why)),
                    None => {}
                }
            }
        }
    }
}

/// What is said instead of rows that cannot be read.
fn unread(visit: &Visit, system: &System, list: &List, why: &str) -> Markup {
    let context =
        system.context(list.context).map_or(list.context, |context| visit.say(context.title));
    let says = html! {
        strong { (context) } " (" code { (list.context) } "): "
        (visit.pick(
            "it does not answer at the moment. Nothing is lost; this is tried again by itself.",
            "지금 응답하지 않습니다. 잃은 것은 없으며 저절로 다시 시도합니다.",
        ))
    };
    shell::trouble(says, why)
}

fn table(visit: &Visit, system: &System, list: &List, gathered: &Gathered, rows: &Rows) -> Markup {
    let columns: Vec<_> = list.columns.iter().map(|column| visit.say(column.label)).collect();
    let lags = html! {
        @if rows.lag > 0 {
            p.state.busy {
                @if visit.lang == crate::words::Lang::Ko {
                    "아직 반영하지 못한 이벤트가 " (rows.lag) "건 있습니다."
                } @else {
                    (rows.lag) " events are not yet taken in."
                }
            }
        }
    };
    if rows.items.is_empty() {
        return html! { (lags) p.state.empty { (visit.say(list.empty)) } };
    }
    html! {
        (lags)
        table {
            (shell::titles(visit, &columns, !list.actions.is_empty()))
            tbody {
                @for item in &rows.items { (row(visit, system, list, gathered, item)) }
            }
        }
        (pages(visit, list, rows))
    }
}

fn row(visit: &Visit, system: &System, list: &List, gathered: &Gathered, item: &Value) -> Markup {
    // An array's items have no ids; their first column tells them apart.
    let id = match &item["id"] {
        Value::Null => text_of(&item[list.columns[0].field]),
        id => text_of(id),
    };
    html! {
        tr id=(format!("{}-{id}", list.name)) {
            @for column in list.columns {
                td data-label=(visit.say(column.label)) {
                    (cell(visit, system, gathered, column, item))
                }
            }
            @if !list.actions.is_empty() {
                td.actions { @for action in list.actions { (act(visit, list, action, item, &id)) } }
            }
        }
    }
}

fn cell(
    visit: &Visit,
    system: &System,
    gathered: &Gathered,
    column: &Column,
    item: &Value,
) -> Markup {
    let value = &item[column.field];
    let pending = column.pending.as_ref().filter(|pending| is_pending(pending, column.field, item));
    let Some(pending) = pending else { return value::show(visit, column.show, value) };
    let by = system.context(pending.by).map_or(pending.by, |context| visit.say(context.title));
    html! {
        @if !value.is_null() { (value::show(visit, column.show, value)) }
        span.under-way {
            span.pulse aria-hidden="true" {}
            span {
                (visit.say(pending.says)) " "
                @match (gathered.standing(pending.by), visit.lang) {
                    (Some(Standing::Away), crate::words::Lang::Ko) => {
                        strong { (by) " 쪽이 지금 응답하지 않습니다. 돌아오면 저절로 이어집니다." }
                    }
                    (Some(Standing::Away), _) => {
                        strong { (by) ": away at the moment. It goes on by itself when that is back." }
                    }
                    (Some(Standing::Behind(lag @ 1..)), crate::words::Lang::Ko) => {
                        (by) " 쪽에 " (lag) "건이 밀려 있습니다."
                    }
                    (Some(Standing::Behind(lag @ 1..)), _) => { (by) ": " (lag) " events behind." }
                    _ => {}
                }
            }
        }
    }
}

fn act(visit: &Visit, list: &List, action: &Action, item: &Value, id: &str) -> Markup {
    let first = text_of(&item[list.columns[0].field]);
    match action {
        Action::Open { form, label, when } if is_for(*when, item) => html! {
            a.button.quiet href=(format!("{}#{form}", visit.link(&[("open", form), ("id", id)]))) {
                (visit.say(*label)) span.unseen { " #" (first) }
            }
        },
        Action::Deed(deed) if is_for(deed.when, item) => html! {
            form method="post" action=(format!("{}#said", visit.link(&[]))) {
                input type="hidden" name="do" value=(deed.name);
                @if !deed.id.is_empty() {
                    input type="hidden" name="id" value=(text_of(&item[deed.id]));
                }
                @for (name, given) in deed.body {
                    @if let Given::Field(field) = given {
                        input type="hidden" name=(name) value=(text_of(&item[*field]));
                    }
                }
                button.quiet type="submit" {
                    (visit.say(deed.label)) span.unseen { " #" (first) }
                }
            }
        },
        _ => html! {},
    }
}

fn pages(visit: &Visit, list: &List, rows: &Rows) -> Markup {
    let parameter = format!("{}.page", list.name);
    let to = |page: u64| {
        format!("{}#{}-heading", visit.link(&[(&parameter, &page.to_string())]), list.name)
    };
    let now = rows.page + 1;
    let label = format!("{}: {}", visit.say(list.title), visit.pick("pages", "쪽"));
    html! {
        @if rows.pages > 1 {
            nav.pages aria-label=(label) {
                @if now > 1 {
                    a rel="prev" href=(to(now - 1)) { "← " (visit.pick("Newer", "이전")) }
                }
                span { (grouped(&now.to_string())) " / " (grouped(&rows.pages.to_string())) }
                span.count {
                    (grouped(&rows.total.to_string())) (visit.pick(" in all", "건"))
                }
                @if now < rows.pages {
                    a rel="next" href=(to(now + 1)) { (visit.pick("Older", "다음")) " →" }
                }
            }
        }
    }
}
