//! `docs/PROOF.md`: what the long form has measured, each campaign as it was run last.

use crate::args::Campaign;
use crate::report::{Row, heads};
use clap::ValueEnum as _;
use madang_testing::repository;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::{fs, io, thread};

const HEAD: &str = "# Proof

What the design claims, that each policy runs exactly once, in order, and that nothing acknowledged is lost, is
measured here: `cargo xtask prove` has clients command all five systems on the real host and a real Redis, breaks
something meanwhile, mends it, waits, and compares what the systems hold with what clients were told.
`cargo xtask prove <campaign> --full --seed <n>` repeats a row of the table and writes it anew; the short form, which
`cargo xtask test` runs, writes nothing. `--list` tells what each campaign does. Harm ends with exit code 1, what is
wrong, the seed, and the state kept in `target/prove`.

- **faults**: those that were injected. **sagas**: commands of which a log tells, with all that had to follow from each.
  **tried**: commands sent; of those, **acknowledged**: answered with success; **refused**: answered 4xx, so nothing may
  come of it; **unknown**: no answer or 5xx, so it may be done once or not.
- **lost**: commands that were acknowledged and of which the log does not tell; events without what has to follow.
  **duplicated**: the same more than once. **unexpected**: what was refused, or nobody asked for.
- **stuck**: events unhandled, intents waiting, or dead letters, 30 s after everything was well again.
- **invariants**: lines that contradict \"always true\" of the specifications, or stores that contradict the log.
  **views**: rows of read models that are not what the log makes of them.

A seed fixes what is asked and what is struck, and when; how the machine interleaves it, it does not.
";

const AFTER: &str = "
## What some campaigns do
- `kills` goes through the steps of sagas one by one: for each kind of command, each component, and each of what wakes its
  instances (a request, a message), the process is killed before the instance begins, right after its first call to the
  outside has had its effect, after its second, …, until three commands in a row were done, with all that followed, and
  nobody made so many calls. The command that is struck is the only one in its system; the other four have their clients
  meanwhile, and each fourth time all processes go. In short, a seed draws a step for each. The rest of the kills is at
  random: all processes at once, at any moment.
- `poison` has handlers trap, loop and overflow their stack in every context that hears events, read models too, in a build
  that lets events do that; in short each in one of the three ways. Such an event is nothing to all but the one that it
  poisons, and has to become one dead letter there, as bad JSON and missing fields have to of whoever hears them.

## What the campaigns do not do
- A `kill -9` of Redis loses nothing that the kernel has, whatever `appendfsync` says. `everysec` stands for power
  cuts: after the kill the log is cut back to what it was one second before. Numbers that were lost are given out again.
- `clock` moves the host's clock, by libfaketime. Redis' own does not move: libfaketime and its allocator clash.
- `disk` limits the size of files (`RLIMIT_FSIZE`) instead of filling a file system, so errors are `EFBIG`, not `ENOSPC`.
- A try that ended with its process counts as a tenth of one ([why](decisions/0008-an-end-without-a-word-weighs-less.md)), so fifty kills in a row at the same
  event would put it to the dead letters, from where it can be replayed. No campaign comes that far.
- `kills` does not go through what a question for readiness wakes, nor through requests that tell no event (the days that
  are left, vaccine that arrives, what is registered to begin with). Kills at random meet them.
- `sight` plays the short campaigns on builds that lack a safeguard (features of the platform that no other build has):
  each has to be seen.
";

/// Writes what was run, under these circumstances, into the document, and leaves what was not as it was.
///
/// # Errors
/// Those of the file.
pub fn write(rows: &[Row], circumstances: &[String]) -> io::Result<PathBuf> {
    let path = repository().join("docs/PROOF.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, document(&before, rows, circumstances))?;
    Ok(path)
}

/// The document before, with these rows in place of theirs.
fn document(before: &str, rows: &[Row], circumstances: &[String]) -> String {
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    let mut notes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in before.lines() {
        if let Some(name) = line.strip_prefix("| ").and_then(|rest| rest.split(" |").next()) {
            lines.insert(name.to_owned(), line.to_owned());
        } else if let Some(name) =
            line.strip_prefix("- `").and_then(|rest| rest.split("`: ").next())
        {
            notes.entry(name.to_owned()).or_default().push(line.to_owned());
        }
    }
    for row in rows {
        let cells = [row.cells(), circumstances.to_vec()].concat();
        let wanted = wanted(row.campaign);
        lines.insert(
            row.name(),
            format!("| {} | {wanted} | {} |", cells[0], cells[1..].join(" | ")),
        );
        let told = row.tally.iter().flat_map(|tally| &tally.notes);
        notes.insert(row.name(), told.map(|note| format!("- `{}`: {note}", row.name())).collect());
    }
    let mut heads = heads();
    heads.insert(1, "wanted");
    heads.extend(["version", "machine"]);
    let mut text = format!("{HEAD}\n## Figures\n| {} |\n", heads.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(heads.len()));
    let campaigns: Vec<String> = Campaign::value_variants().iter().map(|one| one.name()).collect();
    for line in campaigns.iter().filter_map(|name| lines.get(name)) {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    for line in campaigns.iter().filter_map(|name| notes.get(name)).flatten() {
        let _ = writeln!(text, "{line}");
    }
    text + AFTER
}

/// What the long form of a campaign is to put in.
fn wanted(campaign: Campaign) -> &'static str {
    match campaign {
        Campaign::Kills => "1,000 kills, every step, 5,000 sagas",
        Campaign::Redis => "200 kills",
        Campaign::Everysec => "50 cuts",
        Campaign::Channel => "200 cuts",
        Campaign::Repeats => "all systems",
        Campaign::Poison => "all kinds, all contexts",
        Campaign::Hosts => "300 kills",
        Campaign::Last => "100 rounds of 200 clients",
        Campaign::Keys => "1,000 keys",
        Campaign::Clock => "20 jumps",
        Campaign::Disk => "5 each",
        Campaign::Sight => "4 safeguards",
    }
}

/// The version that is run, and where: to be asked before it runs, since others may change the repository meanwhile.
pub fn circumstances() -> Vec<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(repository()).output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            .unwrap_or_default()
    };
    let changed = git(&["status", "--porcelain", "--", ".", ":!docs"]);
    let changed = if changed.is_empty() { "" } else { ", changed" };
    let version = format!(
        "{} {}{changed}",
        env!("CARGO_PKG_VERSION"),
        git(&["rev-parse", "--short=10", "HEAD"])
    );
    let cores = thread::available_parallelism().map_or(0, usize::from);
    vec![version, format!("{cores} cores")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Tally;
    use std::time::Duration;

    fn row(campaign: Campaign, faults: u64, note: &str) -> Row {
        let tally = Tally { faults, notes: vec![note.to_owned()], ..Tally::default() };
        Row { campaign, seed: 7, time: Duration::from_secs(3), tally: Some(tally) }
    }

    #[test]
    fn a_campaign_replaces_its_own_figures_alone() {
        let here = ["1.0 abc".to_owned(), "2 cores".to_owned()];
        let first = [row(Campaign::Kills, 11, "replaced"), row(Campaign::Redis, 22, "kept")];
        let document_before = document("", &first, &here);
        let after = document(&document_before, &[row(Campaign::Kills, 33, "second")], &here);
        for there in ["| 33 |", "| 22 |", "- `kills`: second", "- `redis`: kept", "| 2 cores |"] {
            assert!(after.contains(there), "{there} is not in {after}");
        }
        for gone in ["| 11 |", "replaced"] {
            assert!(!after.contains(gone), "{gone} is in {after}");
        }
        assert_eq!(document(&after, &[], &here), after, "it reads what it writes");
    }
}
