//! The map as a drawing: from left to right what the system is about, what that needs, and what any system has.

use maud::{Markup, html};

use crate::model::{Context, Order, System};
use crate::standing::Standing;
use crate::visit::Visit;

use super::Link;

const BOX: (usize, usize) = (176, 84);
const COLUMN: usize = 380;
const ROW: usize = 132;
const MARGIN: (usize, usize) = (24, 56);
const COLUMNS: [Order; 3] = [Order::Core, Order::Supporting, Order::General];

/// A side of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

struct Place {
    context: &'static Context,
    column: usize,
    x: usize,
    y: usize,
}

/// The drawing.
pub(super) fn draw(
    visit: &Visit,
    system: &System,
    standings: &[Standing],
    links: &[Link],
) -> Markup {
    let (places, rows) = places(system);
    let width = MARGIN.0 * 2 + COLUMN * 2 + BOX.0 + 70;
    let height = MARGIN.1 + ROW * rows;
    let titles = [
        visit.pick("Core", "핵심"),
        visit.pick("Supporting", "지원"),
        visit.pick("General", "일반"),
    ];
    let label = visit.pick(
        "The contexts and their links; the table below says the same",
        "컨텍스트와 연결. 아래 표와 같은 내용입니다",
    );
    html! {
        svg.map role="img" aria-label=(label) viewBox=(format!("0 0 {width} {height}"))
            width=(width) height=(height) {
            @for (column, title) in titles.into_iter().enumerate() {
                text.order x=(MARGIN.0 + COLUMN * column + BOX.0 / 2) y="26" text-anchor="middle" { (title) }
            }
            @for (number, link) in links.iter().enumerate() { (edge(link, &places, links, number)) }
            @for place in &places {
                (context(visit, place, standings.iter().find(|s| s.context.name == place.context.name)))
            }
        }
    }
}

fn places(system: &System) -> (Vec<Place>, usize) {
    let count = |order| system.contexts.iter().filter(|context| context.order == order).count();
    let rows = COLUMNS.into_iter().map(count).max().unwrap_or(1);
    let mut places = Vec::new();
    for (column, order) in COLUMNS.into_iter().enumerate() {
        // Shorter columns stand in the middle.
        let down = ROW * (rows - count(order)) / 2;
        let own = system.contexts.iter().filter(|context| context.order == order);
        places.extend(own.enumerate().map(|(row, context)| Place {
            context,
            column,
            x: MARGIN.0 + COLUMN * column,
            y: MARGIN.1 + down + ROW * row,
        }));
    }
    (places, rows)
}

fn context(visit: &Visit, place: &Place, standing: Option<&Standing>) -> Markup {
    let Place { context, x, y, .. } = place;
    let is_up = standing.is_some_and(Standing::is_up);
    let (lag, dead) = standing.map_or((0, 0), |standing| (standing.lag, standing.dead));
    let class = match (is_up, lag, dead) {
        (false, ..) | (_, _, 1..) => "bad",
        (_, 1.., _) => "busy",
        _ => "good",
    };
    let said = match (is_up, lag, dead) {
        (false, ..) => visit.pick("down", "멈춤").to_owned(),
        (_, _, 1..) => format!("{} {dead}", visit.pick("dead letters:", "데드 레터")),
        (_, 1.., _) => format!("{} {lag}", visit.pick("behind:", "지연")),
        _ => visit.pick("up to date", "정상").to_owned(),
    };
    html! {
        g.context.(class) {
            rect x=(x) y=(y) width=(BOX.0) height=(BOX.1) rx="12" {}
            text x=(x + BOX.0 / 2) y=(y + 29) text-anchor="middle" { (visit.say(context.title)) }
            text.name x=(x + BOX.0 / 2) y=(y + 48) text-anchor="middle" { (context.name) }
            text.standing x=(x + BOX.0 / 2) y=(y + 69) text-anchor="middle" { (said) }
        }
    }
}

/// The sides at which a link leaves and arrives.
fn sides(link: &Link, places: &[Place]) -> Option<(Side, Side)> {
    let column = |name| places.iter().find(|place| place.context.name == name).map(|p| p.column);
    let (from, to) = (column(link.from)?, column(link.to)?);
    Some(match from.cmp(&to) {
        std::cmp::Ordering::Less => (Side::Right, Side::Left),
        std::cmp::Ordering::Equal => (Side::Right, Side::Right),
        std::cmp::Ordering::Greater => (Side::Left, Side::Right),
    })
}

/// Where a link meets a box: all that meet the same side share its height.
fn port(
    name: &str,
    side: Side,
    places: &[Place],
    links: &[Link],
    own: (usize, bool),
) -> (usize, usize) {
    let Some(place) = places.iter().find(|place| place.context.name == name) else { return (0, 0) };
    let mut ends = Vec::new();
    for (number, link) in links.iter().enumerate() {
        let Some((from, to)) = sides(link, places) else { continue };
        let height = |name: &str| places.iter().find(|p| p.context.name == name).map_or(0, |p| p.y);
        if link.from == name && from == side {
            ends.push((height(link.to), (number, true)));
        }
        if link.to == name && to == side {
            ends.push((height(link.from), (number, false)));
        }
    }
    ends.sort_unstable();
    let at = ends.iter().position(|(_, end)| *end == own).unwrap_or(0);
    let x = if side == Side::Left { place.x } else { place.x + BOX.0 };
    (x, place.y + BOX.1 * (at + 1) / (ends.len() + 1))
}

fn edge(link: &Link, places: &[Place], links: &[Link], number: usize) -> Markup {
    let Some((leaves, arrives)) = sides(link, places) else { return html! {} };
    let (x1, y1) = port(link.from, leaves, places, links, (number, true));
    let (x2, y2) = port(link.to, arrives, places, links, (number, false));
    let bend = |x: usize, side| if side == Side::Left { x.saturating_sub(64) } else { x + 64 };
    let (c1, c2) = (bend(x1, leaves), bend(x2, arrives));
    let tip = if arrives == Side::Left { (x2 - 9, x2 - 1) } else { (x2 + 9, x2 + 1) };
    let path = format!("M{x1} {y1}C{c1} {y1} {c2} {y2} {} {y2}", tip.0);
    let points = format!("{},{y2} {},{} {},{}", tip.1, tip.0, y2 - 5, tip.0, y2 + 5);
    // Half-way along the curve.
    let middle = ((x1 + 3 * c1 + 3 * c2 + tip.0) / 8, (y1 + y2) / 2);
    let class = match (link.is_call, link.passed) {
        (true, _) => "call",
        (false, 0) => "event idle",
        (false, _) => "event",
    };
    html! {
        g class=(class) {
            path d=(path) {}
            polygon points=(points) {}
            @if link.passed > 0 {
                text.passed x=(middle.0) y=(middle.1 + 4) text-anchor="middle" { (link.passed) }
            }
        }
    }
}
