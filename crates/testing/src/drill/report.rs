//! What a drill prints: siege's figures of each phase, and what was expected beside what was seen.

use crate::siege::{LINES, Phase};
use madang_testing::Host;
use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

/// How many lines of a host's log are shown when a drill failed.
const LAST_LINES: usize = 40;

/// What came of a drill.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Row {
    what: String,
    expected: String,
    seen: String,
    is_ok: bool,
}

impl Report {
    /// Something to know beside the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A row of the table, judged by whoever adds it.
    pub fn row(
        &mut self,
        what: impl Into<String>,
        expected: impl Display,
        seen: impl Display,
        is_ok: bool,
    ) {
        let (expected, seen) = (expected.to_string(), seen.to_string());
        self.rows.push(Row { what: what.into(), expected, seen, is_ok });
    }

    /// A row whose two sides must be the same.
    pub fn same<T: Display + PartialEq>(&mut self, what: impl Into<String>, expected: T, seen: T) {
        let is_ok = expected == seen;
        self.row(what, expected, seen, is_ok);
    }

    /// A figure that must not be above a limit.
    pub fn at_most(&mut self, what: impl Into<String>, limit: f64, seen: f64, unit: &str) {
        let expected = format!("at most {} {unit}", short(limit));
        self.row(what, expected, format!("{} {unit}", short(seen)), seen <= limit);
    }

    /// A figure that must not be below a limit.
    pub fn at_least(&mut self, what: impl Into<String>, limit: f64, seen: f64, unit: &str) {
        let expected = format!("at least {} {unit}", short(limit));
        self.row(what, expected, format!("{} {unit}", short(seen)), seen >= limit);
    }

    /// The availability of each of these loads, which must be 100%.
    pub fn available(&mut self, phases: &[Phase]) {
        for phase in phases {
            let figures = phase.figures();
            // What is rounded up to 100% is none.
            let seen = (figures.availability() * 100.0).floor() / 100.0;
            self.same(format!("{}: availability, %", phase.name), 100.0, seen);
        }
    }

    /// What may be answered under a load, and nothing else.
    pub fn only(&mut self, phase: &Phase, kinds: &[&str]) {
        let what = format!("{}: answers other than {}", phase.name, kinds.join(", "));
        self.same(what, 0, phase.other_than(kinds));
    }

    fn is_ok(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.is_ok)
    }

    /// Prints siege's figures and the table, with the hosts' last lines if something was not as
    /// expected; tells whether all was.
    pub fn print(&self, phases: &[Phase], hosts: &[&Host]) -> bool {
        print!("{}{}", figures(phases), self.table());
        if !self.is_ok() {
            for (number, host) in hosts.iter().enumerate() {
                let printed = host.printed();
                let lines: Vec<&str> = printed.lines().collect();
                println!("\nThe last lines of host {}:", number + 1);
                println!("{}", lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"));
            }
        }
        self.is_ok()
    }

    fn table(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let verdict = if row.is_ok { "ok" } else { "NOT OK" };
            vec![row.what.clone(), row.expected.clone(), row.seen.clone(), verdict.to_owned()]
        });
        let head = ["what", "expected", "seen", "ok"].map(str::to_owned).to_vec();
        let mut text =
            format!("\n{}", aligned(&[vec![head], rows.collect()].concat(), Align::Left));
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        text
    }
}

/// siege's figures, a column for each load, and below them how often what was answered.
fn figures(phases: &[Phase]) -> String {
    let mut lines = vec![vec![String::new()]];
    lines[0].extend(phases.iter().map(|phase| phase.name.clone()));
    let figures: Vec<_> = phases.iter().map(|phase| phase.figures().lines()).collect();
    for (i, (name, unit, _)) in figures.iter().flatten().take(LINES).enumerate() {
        let mut line = vec![format!("{name} {unit}").trim_end().to_owned()];
        line.extend(figures.iter().map(|lines| lines[i].2.clone()));
        lines.push(line);
    }
    let kinds: BTreeSet<&str> = phases.iter().flat_map(|phase| phase.kinds().into_keys()).collect();
    for kind in kinds {
        let mut line = vec![format!("answered {kind}")];
        line.extend(phases.iter().map(|phase| phase.count(kind).to_string()));
        lines.push(line);
    }
    format!("\n{}", aligned(&lines, Align::Right))
}

/// Where cells stand in columns.
#[derive(Clone, Copy, PartialEq)]
enum Align {
    /// All at the left.
    Left,
    /// All but the first column at the right, as figures are.
    Right,
}

/// Lines in columns.
fn aligned(lines: &[Vec<String>], align: Align) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column| {
        let cells = lines.iter().filter_map(|line: &Vec<String>| line.get(column));
        cells.map(|cell: &String| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if align == Align::Right && column > 0 {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// As many digits as are of use: `0.42`, `7.3`, `812`.
fn short(value: f64) -> String {
    match value {
        v if v.fract() == 0.0 || v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_fails_when_one_thing_is_not_as_expected() {
        let mut report = Report::default();
        assert!(!report.is_ok(), "a drill that looked at nothing has shown nothing");
        report.same("rents", 3, 3);
        report.at_most("longest", 1.5, 1.25, "s");
        report.at_least("availability", 99.0, 99.0, "%");
        assert!(report.is_ok());
        report.same("deliveries", 3, 2);
        assert!(!report.is_ok());
        let expected = "
what          expected        seen    ok
rents         3               3       ok
longest       at most 1.50 s  1.25 s  ok
availability  at least 99 %   99 %    ok
deliveries    3               2       NOT OK
";
        assert_eq!(report.table(), expected);
    }

    #[test]
    fn figures_are_at_the_right() {
        let lines = [vec!["", "a"], vec!["Transactions", "614"]];
        let lines = lines.map(|line| line.into_iter().map(str::to_owned).collect());
        assert_eq!(aligned(&lines, Align::Right), "                a\nTransactions  614\n");
    }

    #[test]
    fn limits_are_part_of_what_is_allowed() {
        let mut report = Report::default();
        report.at_most("a", 5.0, 5.01, "ms");
        report.at_least("b", 5.0, 4.99, "ms");
        assert!(report.rows.iter().all(|row| !row.is_ok));
    }
}
