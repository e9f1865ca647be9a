//! How the systems' figures grow: with the clients, and with what is stored.

use super::{
    Sizes,
    desk::{CLIENTS, Desk, Measured},
    trade::Trade,
    trades,
};
use crate::{
    site::Site,
    table::{Scale, Table},
};
use anyhow::{Context, Result};
use madang_testing::Redis;
use std::rc::Rc;

/// What is measured of one kind of request, for a row: a column's value each.
type Rows = Vec<(f64, Vec<f64>)>;
/// One system's measurements on one server: the quantity, and what was measured there.
type Measurements = Vec<(f64, Vec<Measured>)>;
/// One system's title, and its measurements on the host and natively.
type Beside = (&'static str, [Measurements; 2]);

/// Two columns for each system: of its main command, and of the view that follows from it, on the host and natively.
pub fn with_clients(sizes: &Sizes) -> Result<Vec<Table>> {
    let mut measured: Vec<Beside> = Vec::new();
    for (mut on_host, mut natively) in trades().into_iter().zip(trades()) {
        let host = clients_of(&mut *on_host, &Site::host(), sizes)?;
        let native = clients_of(&mut *natively, &Site::native()?, sizes)?;
        measured.push((on_host.facts().title, [host, native]));
    }
    let x = ("clients", Scale::Logarithmic);
    let kinds = [
        ["systems-commands-rate", "Main commands, by the number of clients"],
        ["systems-commands-p99", "p99 of main commands, by the number of clients"],
        ["systems-views-rate", "Views, by the number of clients"],
        ["systems-views-p99", "p99 of views, by the number of clients"],
    ];
    Ok(tables(&kinds, x, &measured))
}

fn clients_of(trade: &mut dyn Trade, site: &Site, sizes: &Sizes) -> Result<Measurements> {
    let facts = trade.facts();
    let desk = Desk::new(site, sizes.commands, sizes.reads);
    let commands = |clients: usize| (clients * sizes.growth.0).min(sizes.growth.1);
    let all = sizes.clients.iter().map(|clients| commands(*clients)).sum::<usize>();
    trade.supply(&desk, all + CLIENTS)?;
    let first = trade.main(CLIENTS);
    let (ids, _) = desk.load(CLIENTS, first)?;
    trade.made(ids);
    site.settle(facts.name, facts.hearing)?;
    let mut measured = Vec::new();
    for clients in sizes.clients.iter().copied() {
        let (what, view) = trade.view();
        let view = desk.reads(clients, what, view)?;
        let main = trade.main(commands(clients));
        let (ids, main) = desk.load(clients, main)?;
        trade.made(ids);
        measured.push((clients as f64, vec![main, view]));
        // What the consumers owe would be the next round's.
        site.settle(facts.name, facts.hearing)?;
    }
    Ok(measured)
}

/// Two columns for each system, on the host and natively: of reading one of its main aggregates, a page of them, and
/// making one.
pub fn with_stored(sizes: &Sizes) -> Result<Vec<Table>> {
    let measured: Result<Vec<_>> =
        trades().iter_mut().map(|trade| stored_of(&mut **trade, sizes)).collect();
    let x = ("stored", Scale::Logarithmic);
    let kinds = [
        ["systems-stored-item-rate", "GET one of what is stored"],
        ["systems-stored-item-p99", "p99 of GET one of what is stored"],
        ["systems-stored-page-rate", "GET 20 of what is stored"],
        ["systems-stored-page-p99", "p99 of GET 20 of what is stored"],
        ["systems-stored-create-rate", "POST one more than is stored"],
        ["systems-stored-create-p99", "p99 of POST one more than is stored"],
    ];
    Ok(tables(&kinds, x, &measured?))
}

/// Both servers are on one Redis, so that the faster one fills it for both.
fn stored_of(trade: &mut dyn Trade, sizes: &Sizes) -> Result<Beside> {
    let (redis, facts) = (Rc::new(Redis::start_with("everysec")), trade.facts());
    let (host, native) = (Site::host_on(&redis), Site::native_on(redis.clone())?);
    trade.supply(&Desk::new(&native, sizes.commands, sizes.reads), 0)?;
    for site in [&host, &native] {
        // Those that follow would be busy with what was stored long after it was.
        site.deafen(facts.name, facts.hearing, &[])?;
    }
    let (mut on_host, mut natively) = (Vec::new(), Vec::new());
    for wanted in sizes.stored.iter().copied() {
        for (site, measured) in [(&native, &mut natively), (&host, &mut on_host)] {
            // The other one has its keeper of the main aggregate down, and so nothing to do.
            site.heal(facts.name, &[facts.main.1])?;
            measured.push((wanted as f64, stored_at(trade, site, sizes, wanted)?));
            site.deafen(facts.name, &[facts.main.1], &[])?;
        }
    }
    Ok((facts.title, [on_host, natively]))
}

/// Measures a site where so much is stored, at least.
fn stored_at(
    trade: &mut dyn Trade,
    site: &Site,
    sizes: &Sizes,
    wanted: usize,
) -> Result<Vec<Measured>> {
    const PAGE: usize = 20;
    let desk = Desk::new(site, sizes.commands, sizes.reads);
    let collection = trade.facts().collection();
    let stored = || -> Result<usize> {
        let page = site.client.get(&format!("{collection}?size=1")).expect(200).json();
        let total = page["page"]["totalElements"].as_u64();
        Ok(usize::try_from(total.with_context(|| format!("{collection} has no total"))?)?)
    };
    let missing = wanted.saturating_sub(stored()?);
    desk.load(CLIENTS, trade.create(missing))?;
    let there = stored()?;
    // A stride that has no factor in common with a power of ten: every one once, in no order.
    let at = collection.clone();
    let item = move |number: usize| {
        let id = number * 7_919 % there + 1;
        (format!("{at}/{id}"), format!("\"id\":{id},"))
    };
    let page = move |number: usize| {
        let path = format!("{collection}?size={PAGE}&page={}", number * 7_919 % (there / PAGE));
        (path, format!("\"totalElements\":{there},"))
    };
    // The other one has just been measured, and this one not yet warm.
    desk.reads(CLIENTS, "GET one", item.clone())?;
    Ok(vec![
        desk.reads(CLIENTS, "GET one", item)?,
        desk.reads(CLIENTS, "GET a page", page)?,
        desk.load(CLIENTS, trade.create(sizes.growth.1))?.1,
    ])
}

/// Two tables of each kind of request, rates and the times of the slowest in a hundred, with two columns for each
/// system: on the host, and natively.
fn tables(
    kinds: &[[&'static str; 2]],
    x: (&'static str, Scale),
    measured: &[Beside],
) -> Vec<Table> {
    let columns = measured.iter().map(|(title, _)| *title);
    let columns = columns.flat_map(|title| [title.to_owned(), format!("{title} native")]);
    let columns: Vec<_> = columns.collect();
    let all: Vec<_> = measured.iter().flat_map(|(_, servers)| servers).collect();
    let rows = |kind: usize, of: fn(&Measured) -> f64| -> Rows {
        let first = all.iter().take(1).flat_map(|rows| rows.iter()).map(|(x, _)| *x);
        let column = |at: usize| all.iter().map(move |rows| of(&rows[at].1[kind]));
        first.enumerate().map(|(at, x)| (x, column(at).collect())).collect()
    };
    let tables = kinds.iter().enumerate().map(|(at, [name, title])| {
        let is_rate = at % 2 == 0;
        let of: fn(&Measured) -> f64 = if is_rate { Measured::rate } else { Measured::p99 };
        let unit = if is_rate { "/s" } else { "ms" };
        let (columns, rows) = (columns.clone(), rows(at / 2, of));
        Table { name, title, x, unit, columns, in_pairs: true, rows }
    });
    tables.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_testing::load::Outcome;
    use std::time::Duration;

    /// So many answers in a second, each after this many milliseconds.
    fn measured(rate: usize, ms: u64) -> Measured {
        let times = vec![Duration::from_millis(ms); rate];
        let outcome = Outcome { times, elapsed: Duration::from_secs(1), ..Outcome::default() };
        Measured { what: "GET /one", clients: 1, outcome }
    }

    #[test]
    fn each_system_is_two_columns_of_each_kind_of_request() {
        let measurements = |faster: usize| {
            let row = |x: f64, rate| (x, vec![measured(rate, 5), measured(rate + faster, 7)]);
            vec![row(1.0, 10), row(64.0, 100)]
        };
        let kinds = [["a-rate", ""], ["a-p99", ""], ["b-rate", ""], ["b-p99", ""]];
        let x = ("clients", Scale::Logarithmic);
        let made = tables(&kinds, x, &[("One", [measurements(1), measurements(2)])]);
        let rows: Vec<_> = made.iter().map(|table| (table.name, table.unit, &table.rows)).collect();
        let both = |a: [f64; 2], b: [f64; 2]| vec![(1.0, a.to_vec()), (64.0, b.to_vec())];
        assert_eq!(made[0].columns, ["One", "One native"]);
        assert_eq!(rows[0], ("a-rate", "/s", &both([10.0, 10.0], [100.0, 100.0])));
        assert_eq!(rows[1], ("a-p99", "ms", &both([5.0, 5.0], [5.0, 5.0])));
        assert_eq!(rows[2], ("b-rate", "/s", &both([11.0, 12.0], [101.0, 102.0])));
        assert_eq!(rows[3], ("b-p99", "ms", &both([7.0, 7.0], [7.0, 7.0])));
    }
}
