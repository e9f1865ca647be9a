//! A saga as a drawing: contexts are columns, time runs down, calls are solid, events dotted.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::time::Duration;

use maud::{Markup, PreEscaped, html};

use crate::visit::Visit;

use super::saga::{Mark, Saga, Step};

/// Where the first column is, how far apart rows are, and where they begin.
const LEFT: usize = 130;
const ROW: usize = 58;
const TOP: usize = 74;
/// How wide the drawing is at most, where its columns can be as narrow as that asks.
const WIDEST: usize = 1090;
/// How far apart columns are.
const COLUMNS: RangeInclusive<usize> = 124..=150;

/// The drawing, with a text that says the same in short.
pub(super) fn draw(visit: &Visit, saga: &Saga) -> Markup {
    let columns = saga.contexts.len();
    let fitting = (WIDEST - LEFT - COLUMNS.end() / 2) / columns.max(1);
    let column = fitting.clamp(*COLUMNS.start(), *COLUMNS.end());
    let at = |name: &str| {
        let number = saga.contexts.iter().position(|context| context.name == name);
        LEFT + column * (1 + number.unwrap_or(0))
    };
    let width = LEFT + column * columns + COLUMNS.end() / 2;
    let height = TOP + ROW * saga.steps.len() + 30;
    let label = format!(
        "{}: {}",
        visit.pick("Sequence of events", "이벤트 순서"),
        saga.steps
            .iter()
            .filter_map(|step| match step {
                Step::Told { entry, .. } => Some(entry.event.kind.as_str()),
                _ => None,
            })
            .collect::<Vec<_>>()
            .join(", ")
    );
    html! {
        svg.flow role="img" aria-label=(label) viewBox=(format!("0 0 {width} {height}"))
            width=(width) height=(height) {
            g.lanes {
                line x1=(LEFT) y1="58" x2=(LEFT) y2=(height - 10) {}
                @for context in &saga.contexts {
                    line x1=(at(context.name)) y1="58" x2=(at(context.name)) y2=(height - 10) {}
                }
            }
            g.heads {
                (head((LEFT, column), visit.pick("Client", "클라이언트"), "", "client"))
                @for context in &saga.contexts {
                    (head((at(context.name), column), visit.say(context.title), context.name, ""))
                }
            }
            @for (number, step) in saga.steps.iter().enumerate() {
                (row(saga, step, TOP + ROW * number + 34, &at))
            }
        }
    }
}

fn head((x, column): (usize, usize), title: &str, name: &str, class: &str) -> Markup {
    let width = column - 12;
    html! {
        g.column.(class) {
            rect x=(x - width / 2) y="8" width=(width) height="46" rx="10" {}
            text x=(x) y=(if name.is_empty() { 36 } else { 29 }) text-anchor="middle" { (title) }
            @if !name.is_empty() {
                text.name x=(x) y="45" text-anchor="middle" { (name) }
            }
        }
    }
}

fn row(saga: &Saga, step: &Step, y: usize, at: &dyn Fn(&str) -> usize) -> Markup {
    match step {
        Step::Asked { to } => html! {
            g.call { (arrow(LEFT, at(to), y)) (note(LEFT + 10, y - 9, "start", "HTTP")) }
        },
        Step::Called { from, call } => {
            let (from, to) = (at(from), at(call.to));
            html! { g.call { (arrow(from, to, y)) (note((from + to) / 2, y - 9, "middle", call.question)) } }
        }
        Step::Told { entry, from, hearers } => {
            let x = at(from);
            html! {
                g.event {
                    text.time x="8" y=(y + 4) { (lapse(saga.after(entry))) }
                    @for (hearer, mark) in hearers {
                        @let class = class_of(*mark);
                        line.(class) x1=(x) y1=(y) x2=(at(hearer)) y2=(y) {}
                    }
                    circle.teller cx=(x) cy=(y) r="5" {}
                    @for (hearer, mark) in hearers { (end(at(hearer), y, *mark)) }
                    (note(x, y - 11, "middle", &entry.event.kind))
                    text.number x=(x) y=(y + 20) text-anchor="middle" { "#" (entry.number) " " (entry.event.subject) }
                }
            }
        }
    }
}

fn class_of(mark: Mark) -> &'static str {
    match mark {
        Mark::Heard => "heard",
        Mark::Waiting => "waiting",
        Mark::Away => "away",
        Mark::Dead => "dead",
    }
}

/// What stands at who hears an event: a dot, a ring for one who has not yet, a cross for one who never will.
fn end(x: usize, y: usize, mark: Mark) -> Markup {
    let class = class_of(mark);
    match mark {
        Mark::Dead => {
            let cross = format!("M{} {}l12 12m0-12l-12 12", x - 6, y - 6);
            html! { path.end.(class) d=(cross) {} }
        }
        _ => html! { circle.end.(class) cx=(x) cy=(y) r="6" {} },
    }
}

fn arrow(from: usize, to: usize, y: usize) -> Markup {
    let (tip, back) = if to >= from { (to - 2, to.saturating_sub(11)) } else { (to + 2, to + 11) };
    let mut points = String::new();
    let _ = write!(points, "{tip},{y} {back},{} {back},{}", y - 5, y + 5);
    html! {
        line x1=(from) y1=(y) x2=(back) y2=(y) {}
        polygon points=(points) {}
    }
}

fn note(x: usize, y: usize, anchor: &str, text: &str) -> Markup {
    html! { text.note x=(x) y=(y) text-anchor=(anchor) { (text) } }
}

/// A time after the beginning.
pub(super) fn lapse(time: Duration) -> String {
    match time.as_millis() {
        ms @ 0..10_000 => format!("+{ms} ms"),
        ms @ 10_000..600_000 => format!("+{} s", ms / 1000),
        ms => format!("+{} min", ms / 60_000),
    }
}

/// What the signs of the drawing mean.
pub(super) fn legend(visit: &Visit) -> Markup {
    let sign = |class: &str, drawn: &str, text: &str| {
        html! {
            li {
                svg.flow.sign width="36" height="16" aria-hidden="true" { g.(class) { (PreEscaped(drawn)) } }
                (text)
            }
        }
    };
    html! {
        ul.legend {
            (sign("call", "<line x1='2' y1='8' x2='26' y2='8'/><polygon points='34,8 25,3 25,13'/>",
                visit.pick("call", "호출")))
            (sign("event", "<line class='heard' x1='2' y1='8' x2='28' y2='8'/><circle class='end heard' cx='28' cy='8' r='6'/>",
                visit.pick("event, handled", "이벤트, 처리됨")))
            (sign("event", "<line class='waiting' x1='2' y1='8' x2='28' y2='8'/><circle class='end waiting' cx='28' cy='8' r='6'/>",
                visit.pick("not yet handled", "아직 처리 전")))
            (sign("event", "<line class='away' x1='2' y1='8' x2='28' y2='8'/><circle class='end away' cx='28' cy='8' r='6'/>",
                visit.pick("not yet handled: the hearer is down", "처리 전: 듣는 쪽이 멈춤")))
            (sign("event", "<line class='dead' x1='2' y1='8' x2='28' y2='8'/><path class='end dead' d='M22 2l12 12m0-12l-12 12'/>",
                visit.pick("given up: a dead letter", "포기함: 데드 레터")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_exactly_as_they_are_long() {
        for (ms, expected) in
            [(0, "+0 ms"), (9999, "+9999 ms"), (10_000, "+10 s"), (600_000, "+10 min")]
        {
            assert_eq!(lapse(Duration::from_millis(ms)), expected);
        }
    }
}
