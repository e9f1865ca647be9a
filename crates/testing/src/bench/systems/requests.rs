//! Every command and read that people have.

use super::{
    Sizes,
    desk::{CLIENTS, Desk, Measured},
    trade::Trade,
    trades,
};
use crate::{figures::number, site::Site, table::List};
use anyhow::{Result, ensure};

const HEAD: [&str; 9] =
    ["request", "/s", "p50 ms", "p99 ms", "p99.9 ms", "native /s", "p50 ms", "p99 ms", "share"];

/// A list for each system.
pub fn lists(sizes: &Sizes) -> Result<Vec<List>> {
    let mut lists = Vec::new();
    for (mut on_host, mut native) in trades().into_iter().zip(trades()) {
        let facts = on_host.facts();
        let host = measured(&mut *on_host, &Site::host(), sizes)?;
        let native = measured(&mut *native, &Site::native()?, sizes)?;
        lists.push(list(format!("systems-{}", facts.name), facts.title, &host, &native)?);
    }
    Ok(lists)
}

fn measured(trade: &mut dyn Trade, site: &Site, sizes: &Sizes) -> Result<Vec<Measured>> {
    let mut desk = Desk::new(site, sizes.commands, sizes.reads);
    trade.measure(&mut desk)?;
    Ok(desk.measured)
}

/// One line for each request: of the host, and of the native server.
fn list(name: String, title: &str, host: &[Measured], native: &[Measured]) -> Result<List> {
    ensure!(
        host.iter().map(|m| m.what).eq(native.iter().map(|m| m.what)),
        "{title}: the host and the native server were asked different things"
    );
    let rows = host.iter().zip(native).map(|(host, native)| {
        let (ours, theirs) = (&host.outcome, &native.outcome);
        let ms = |share| number(ours.percentile(share));
        vec![
            named(host),
            number(ours.rate()),
            ms(0.5),
            ms(0.99),
            ms(0.999),
            number(theirs.rate()),
            number(theirs.percentile(0.5)),
            number(theirs.percentile(0.99)),
            format!("{} %", number((100.0 * ours.rate() / theirs.rate()).round())),
        ]
    });
    let rows = rows.collect();
    let title = format!("{title}: each request");
    Ok(List { name, title, head: HEAD.to_vec(), rows })
}

fn named(Measured { what, clients, .. }: &Measured) -> String {
    if *clients == CLIENTS { format!("`{what}`") } else { format!("`{what}`, {clients} clients") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_testing::load::Outcome;
    use std::time::Duration;

    fn measured(what: &'static str, clients: usize, times: &[u64]) -> Measured {
        let times = times.iter().copied().map(Duration::from_millis).collect();
        let outcome = Outcome { times, elapsed: Duration::from_secs(1), ..Outcome::default() };
        Measured { what, clients, outcome }
    }

    #[test]
    fn a_line_has_the_host_beside_the_native_server() {
        let host = [measured("GET /one", CLIENTS, &[1, 2, 30])];
        let native = [measured("GET /one", CLIENTS, &[1, 1, 1, 20])];
        let list = list("systems-one".to_owned(), "One", &host, &native).unwrap();
        let line = ["`GET /one`", "3", "2", "30", "30", "4", "1", "20", "75 %"];
        assert_eq!((list.rows[0].iter().eq(&line), list.head.len()), (true, line.len()));
    }

    #[test]
    fn what_only_one_of_them_was_asked_is_told() {
        let (host, native) = ([measured("GET /one", 4, &[1])], [measured("GET /other", 4, &[1])]);
        assert!(list(String::new(), "One", &host, &native).is_err());
        assert_eq!(named(&host[0]), "`GET /one`, 4 clients");
    }
}
