//! How fast contexts are that hear events: each alone, and all of all systems at once.

use super::{Sizes, desk::Desk, trade::Trade, trades};
use crate::{
    figures::number,
    site::{CaughtUp, Site},
    table::List,
};
use anyhow::{Context, Result};
use madang_testing::log;
use serde_json::Value;

/// What one context did alone.
struct Alone {
    who: String,
    caught_up: CaughtUp,
    /// Of the events that it read, those that it hears.
    heard: usize,
}

/// One line for each context that hears events, and one for all of them at once.
pub fn list(sizes: &Sizes) -> Result<List> {
    let mut rows = Vec::new();
    for (mut on_host, mut native) in trades().into_iter().zip(trades()) {
        let host = alone(&mut *on_host, &Site::host(), sizes)?;
        let native = alone(&mut *native, &Site::native()?, sizes)?;
        rows.extend(host.iter().zip(native).map(|(host, native)| {
            let Alone { who, caught_up, heard } = host;
            row(format!("`{who}`"), caught_up, number(*heard as f64), &native.caught_up)
        }));
    }
    let (host, native) = (together(&Site::host(), sizes)?, together(&Site::native()?, sizes)?);
    rows.push(row("all of all systems at once".to_owned(), &host, String::new(), &native));
    Ok(List {
        name: "systems-consumers".to_owned(),
        title: "Events that consumers catch up with".to_owned(),
        head: vec!["consumer", "events", "of which it hears", "s", "/s", "native /s"],
        rows,
    })
}

fn row(who: String, host: &CaughtUp, heard: String, native: &CaughtUp) -> Vec<String> {
    let (events, seconds) = (number(host.events() as f64), number(host.seconds));
    vec![who, events, heard, seconds, number(host.rate()), number(native.rate())]
}

/// Has all that hear a system hear nothing while commands tell events, and then one after the other, each of
/// which has what the one before has told to read, too.
fn alone(trade: &mut dyn Trade, site: &Site, sizes: &Sizes) -> Result<Vec<Alone>> {
    let facts = trade.facts();
    let from = backlog(trade, site, sizes)?;
    let mut all = Vec::new();
    for context in facts.hearing {
        let caught_up = site.catch_up(&[(facts.name, context, from)])?;
        let info = site.client.get(&format!("/{}/-/{context}/info", facts.name)).json();
        let hears = info["subscriptions"].as_array().context("a context has no subscriptions")?;
        let hears: Vec<_> = hears.iter().filter_map(Value::as_str).collect();
        let log = log::read(&mut site.redis(), facts.name).into_iter();
        let heard = log.filter(|entry| {
            let is_new = entry.number > caught_up.from && entry.number <= caught_up.to;
            is_new && hears.contains(&entry.kind.as_str())
        });
        let who = format!("{}-{context}", facts.name);
        all.push(Alone { who, caught_up, heard: heard.count() });
        site.deafen(facts.name, &[context], facts.asked)?;
    }
    Ok(all)
}

fn together(site: &Site, sizes: &Sizes) -> Result<CaughtUp> {
    let mut all = Vec::new();
    for mut trade in trades() {
        let from = backlog(&mut *trade, site, sizes)?;
        let facts = trade.facts();
        all.extend(facts.hearing.iter().map(|context| (facts.name, *context, from)));
    }
    site.catch_up(&all)
}

/// Makes events that nobody hears yet; gives the number of the last one that was heard.
fn backlog(trade: &mut dyn Trade, site: &Site, sizes: &Sizes) -> Result<u64> {
    let (facts, desk) = (trade.facts(), Desk::new(site, sizes.commands, sizes.reads));
    trade.prepare(&desk, sizes.events)?;
    let from = site.head(facts.name)?;
    site.deafen(facts.name, facts.hearing, facts.asked)?;
    trade.tell(&desk, sizes.events)?;
    Ok(from)
}
