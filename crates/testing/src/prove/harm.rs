//! Reconciling what systems hold with what their clients were told.

use crate::ledger::{Outcome, Record};
use crate::stage::Stage;
use crate::tally::{Harm, Tally};
use crate::trades::{Facts, Found, Trade};
use madang_testing::log::Entry;
use madang_testing::system::System;
use madang_testing::{Client, Host};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A saga that is not at its end when everything has been well for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);
/// How often it is looked at until then.
const LOOK: Duration = Duration::from_millis(100);

/// What else is to be known when a stage is reconciled.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Numbers of events, by system, that the campaign itself put into the log.
    pub foreign: BTreeMap<&'static str, BTreeSet<u64>>,
    /// Whether what was acknowledged may be lost, which the campaign judges itself.
    pub may_lose: bool,
    /// How many dead letters a component has to have of them.
    pub dead: BTreeMap<String, u64>,
}

/// Waits until everything has come to its end, and counts what is not as clients were told and as the log
/// tells.
pub fn reconcile(
    stage: &mut Stage,
    trades: &[Box<dyn Trade>],
    records: &[Record],
    terms: &Terms,
) -> Tally {
    let mut tally = Tally::default();
    tally.count(records);
    let healed = Instant::now();
    for trade in trades {
        let facts = trade.facts();
        // What nobody sees to be owed is done then, too: a read model that has to begin anew.
        for (host, context) in
            stage.hosts.iter().flat_map(|h| facts.hearing.iter().map(move |c| (h, c)))
        {
            let _ = host.client().send("GET", &facts.ready(context), None);
        }
        let of_it: Vec<&Record> = records.iter().filter(|one| one.system == facts.name).collect();
        for (number, host) in stage.hosts.iter().enumerate() {
            let stuck = stuck(&System::of(facts.name, host), &facts, healed);
            if let Err((count, why)) = stuck {
                tally.harm.stuck += count;
                tally.wrong.push(format!("{} on host {number}: {why}", facts.name));
                continue;
            }
            let none = BTreeSet::new();
            let foreign = terms.foreign.get(facts.name).unwrap_or(&none);
            let found = catch_unwind(AssertUnwindSafe(|| trade.found(host, foreign)));
            let Ok(found) = found else {
                tally.harm.stuck += 1;
                tally.wrong.push(format!("{} on host {number} cannot be read", facts.name));
                continue;
            };
            tally.harm.views += found.views.len() as u64;
            tally.wrong.extend(found.views.iter().cloned());
            // Whatever is in Redis the hosts share.
            if number == 0 {
                compare(&mut tally, &facts, host, &found, &of_it, terms);
            }
        }
    }
    let lost = if terms.may_lose { 0 } else { tally.harm.lost };
    if !(Harm { lost, ..tally.harm }).is_none() {
        let kept = format!("the state is kept in {}", stage.keep().display());
        tally.wrong.push(kept);
    }
    tally
}

/// Waits until a system owes nothing; what it still owes, in number and in words, when it takes too long.
fn stuck(system: &System, facts: &Facts, since: Instant) -> Result<(), (u64, String)> {
    let read = |error: redis::RedisError| (1, format!("Redis cannot be asked: {error}"));
    let mut redis = redis::Client::open(system.host.redis_url())
        .and_then(|client| client.get_connection())
        .map_err(read)?;
    loop {
        let owed = facts.owes_nothing(system, &mut redis);
        let Err(why) = owed else { return Ok(()) };
        if since.elapsed() > STUCK {
            let intents =
                facts.intents.and_then(|intents| system.waiting(&mut redis, intents).ok());
            let intents = intents.map_or(0, |waiting| waiting.len() as u64);
            let lag = |context: &&str| {
                let path = format!("/{}/-/{context}/info", facts.name);
                let info = system.client.send("GET", &path, None).ok();
                info.filter(|info| info.is_success())
                    .map_or(1, |info| info.json()["lag"].as_u64().unwrap_or(1))
            };
            let events: u64 = facts.hearing.iter().map(lag).sum();
            return Err(((intents + events).max(1), format!("after {STUCK:?}: {why}")));
        }
        sleep(LOOK);
    }
}

fn compare(
    tally: &mut Tally,
    facts: &Facts,
    host: &Host,
    found: &Found,
    records: &[&Record],
    terms: &Terms,
) {
    let none = BTreeSet::new();
    let foreign = terms.foreign.get(facts.name).unwrap_or(&none);
    let log: Vec<&Entry> =
        found.log.iter().filter(|entry| !foreign.contains(&entry.number)).collect();
    let effects = Effects { facts, log: &log };
    effects.commands(tally, &host.client(), records);
    effects.policies(tally);
    tally.harm.invariants += found.wrong.len() as u64;
    tally.wrong.extend(found.wrong.iter().cloned());
    let system = System::of(facts.name, host);
    for context in facts.hearing {
        let expected = terms.dead.get(&system.component(context)).copied().unwrap_or(0);
        let dead = system.dead_letters(&[context]);
        tally.harm.stuck += dead.saturating_sub(expected);
        tally.harm.lost += expected.saturating_sub(dead);
        if dead != expected {
            let component = system.component(context);
            tally.wrong.push(format!("{component} has {dead} dead letters, not {expected}"));
        }
    }
}

/// The effects that a log tells of.
struct Effects<'l> {
    facts: &'l Facts,
    log: &'l [&'l Entry],
}

impl Effects<'_> {
    /// Each command that was acknowledged was done once; one that was refused was not; nobody knows of
    /// one that was done and that nobody sent.
    fn commands(&self, tally: &mut Tally, client: &Client, records: &[&Record]) {
        let mut told: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for entry in self.log.iter().filter(|e| self.facts.commanded.contains(&e.kind.as_str())) {
            *told.entry((entry.text_of("correlationid"), &entry.kind)).or_default() += 1;
        }
        let sagas: BTreeSet<&str> =
            self.log.iter().map(|entry| entry.text_of("correlationid")).collect();
        for record in records {
            tally.sagas += u64::from(sagas.contains(record.saga.as_str()));
            let times = told.remove(&(record.saga.as_str(), record.tells)).unwrap_or(0);
            let said = &record.said;
            if times > 1 {
                tally.harm.duplicated += times - 1;
                tally.wrong.push(format!("{times} × {} after {said}", record.tells));
            }
            let made = match &record.outcome {
                Outcome::Told => times > 0,
                Outcome::Made(path) => {
                    let path = path.splitn(4, '/').nth(3).unwrap_or_default();
                    let made = client.send("GET", &format!("/{path}"), None);
                    made.is_ok_and(|answer| answer.is_success())
                }
                Outcome::Refused | Outcome::Unknown => true,
            };
            if !made {
                tally.harm.lost += 1;
                let line = format!("no {} after {said}", record.tells);
                tally.lost.push((record.at, line.clone()));
                tally.wrong.push(line);
            }
            let forbids = matches!(record.outcome, Outcome::Refused | Outcome::Made(_));
            if forbids && times > 0 {
                tally.harm.unexpected += 1;
                tally.wrong.push(format!("{} after {said}", record.tells));
            }
        }
        for ((saga, kind), times) in told {
            tally.harm.unexpected += times;
            tally.wrong.push(format!("{times} × {kind} in the saga {saga:?}, which nobody began"));
        }
    }

    /// What follows from an event has followed once.
    fn policies(&self, tally: &mut Tally) {
        for (cause, effects) in self.facts.follows {
            let mut caused: BTreeMap<&str, u64> = BTreeMap::new();
            for entry in self.log.iter().filter(|entry| effects.contains(&entry.kind.as_str())) {
                *caused.entry(entry.text_of("causationid")).or_default() += 1;
            }
            for entry in self.log.iter().filter(|entry| entry.kind == *cause) {
                let times = caused.get(entry.text_of("id")).copied().unwrap_or(0);
                if times == 0 {
                    tally.harm.lost += 1;
                    tally.wrong.push(format!("no {effects:?} after {}", entry.text));
                }
                if times > 1 {
                    tally.harm.duplicated += times - 1;
                    tally.wrong.push(format!("{times} × {effects:?} after {}", entry.text));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FACTS: Facts = Facts {
        name: "shop",
        contexts: &[],
        hearing: &[],
        asked: &[],
        intents: None,
        follows: &[("Bought", &["Sent", "Withheld"])],
        commanded: &["Bought"],
    };

    fn entry(number: u64, kind: &str, id: &str, saga: &str, cause: &str) -> Entry {
        let event = json!({"id": id, "correlationid": saga, "causationid": cause});
        Entry { number, kind: kind.to_owned(), text: event.to_string(), event }
    }

    fn record(saga: &str, outcome: Outcome) -> Record {
        let saga = saga.to_owned();
        let said = "POST".to_owned();
        Record { system: "shop", saga, tells: "Bought", outcome, said, at: Instant::now() }
    }

    fn harm(log: &[Entry], records: &[Record]) -> Harm {
        let (log, records): (Vec<_>, Vec<_>) = (log.iter().collect(), records.iter().collect());
        let mut tally = Tally::default();
        let effects = Effects { facts: &FACTS, log: &log };
        effects.commands(&mut tally, &Client::new("http://127.0.0.1:1"), &records);
        effects.policies(&mut tally);
        assert_eq!(tally.harm.is_none(), tally.wrong.is_empty());
        let begun =
            |record: &&&Record| log.iter().any(|e| e.text_of("correlationid") == record.saga);
        assert_eq!(tally.sagas, records.iter().filter(begun).count() as u64);
        tally.harm
    }

    #[test]
    fn what_was_told_and_done_once_is_no_harm() {
        let log = [entry(1, "Bought", "b1", "s1", "c"), entry(2, "Sent", "x1", "s1", "b1")];
        assert_eq!(harm(&log, &[record("s1", Outcome::Told)]), Harm::default());
        assert_eq!(harm(&log, &[record("s1", Outcome::Unknown)]), Harm::default());
        assert_eq!(harm(&[], &[record("s1", Outcome::Unknown)]), Harm::default());
        assert_eq!(harm(&[], &[record("s1", Outcome::Refused)]), Harm::default());
    }

    #[test]
    fn each_harm_is_counted() {
        let bought = entry(1, "Bought", "b1", "s1", "c");
        let sent = entry(2, "Sent", "x1", "s1", "b1");
        let known = [record("s1", Outcome::Told)];
        let lost = Harm { lost: 1, ..Harm::default() };
        let duplicated = Harm { duplicated: 1, ..Harm::default() };
        let unexpected = Harm { unexpected: 1, ..Harm::default() };
        assert_eq!(harm(&[], &known), lost, "an acknowledged command");
        assert_eq!(harm(std::slice::from_ref(&bought), &known), lost, "a policy's effect");
        let twice = [bought.clone(), sent.clone(), entry(3, "Withheld", "x2", "s1", "b1")];
        assert_eq!(harm(&twice, &known), duplicated, "a policy's effect");
        let twice = [entry(3, "Bought", "b2", "s1", "c"), entry(4, "Sent", "x2", "s1", "b2")];
        let twice = [[bought.clone(), sent.clone()].to_vec(), twice.to_vec()].concat();
        assert_eq!(harm(&twice, &known), duplicated, "a command");
        let log = [bought, sent];
        assert_eq!(harm(&log, &[record("s1", Outcome::Refused)]), unexpected, "refused");
        assert_eq!(harm(&log, &[]), unexpected, "nobody sent it");
        let gone = Outcome::Made("http://127.0.0.1:1/shop/1".to_owned());
        assert_eq!(harm(&[], &[record("s1", gone)]), lost, "without an event");
    }
}
