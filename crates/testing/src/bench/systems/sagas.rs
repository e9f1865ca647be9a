//! How long after a command's answer everything that follows from it can be seen in the view.

use super::{Sizes, desk::Desk, trade::Trade, trades};
use crate::{figures::number, site::Site, table::List};
use anyhow::{Result, ensure};
use madang_testing::{Client, load::percentile};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Between two looks: short beside what is measured, yet it leaves the host a core of its own.
const PAUSE: Duration = Duration::from_micros(500);
/// Within this, a saga has ended.
const LIMIT: Duration = Duration::from_secs(30);

/// One line for each system: of the host, and of the native server.
pub fn list(sizes: &Sizes) -> Result<List> {
    let mut rows = Vec::new();
    for (mut on_host, mut native) in trades().into_iter().zip(trades()) {
        let host = times(&mut *on_host, &Site::host(), sizes.sagas)?;
        let native = times(&mut *native, &Site::native()?, sizes.sagas)?;
        let shown = [(&host, 0.5), (&host, 0.99), (&native, 0.5), (&native, 0.99)];
        let shown = shown.iter().map(|(times, share)| number(percentile(times, *share)));
        rows.push([on_host.facts().saga.to_owned()].into_iter().chain(shown).collect());
    }
    Ok(List {
        name: "systems-sagas".to_owned(),
        title: "From a command's answer to the settled view, one client".to_owned(),
        head: vec!["saga", "median ms", "p99 ms", "native median ms", "p99 ms"],
        rows,
    })
}

/// How long so many took, one after the other, sorted.
///
/// # Errors
/// When one has no end.
pub fn times(trade: &mut dyn Trade, site: &Site, count: usize) -> Result<Vec<Duration>> {
    trade.supply(&Desk::new(site, 0, Duration::ZERO), count + 1)?;
    // The first finds connections to make.
    time(trade, &site.client)?;
    let times: Result<Vec<_>> = (0..count).map(|_| time(trade, &site.client)).collect();
    let mut times = times?;
    times.sort_unstable();
    Ok(times)
}

fn time(trade: &mut dyn Trade, client: &Client) -> Result<Duration> {
    let begun = trade.begin(client)?;
    let begin = Instant::now();
    loop {
        let answer = client.get(&begun.path);
        ensure!(answer.is_success(), "{answer}");
        if (begun.is_settled)(&answer.json()) {
            return Ok(begin.elapsed());
        }
        ensure!(begin.elapsed() < LIMIT, "{} has no end: {answer}", trade.facts().saga);
        thread::sleep(PAUSE);
    }
}
