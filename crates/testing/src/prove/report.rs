//! What campaigns print and write.

use crate::args::Campaign;
use crate::tally::Tally;
use std::fmt::Write as _;
use std::time::Duration;

/// How many lines of what is wrong are printed.
const SHOWN: usize = 20;

/// What came of a campaign.
#[derive(Debug)]
pub struct Row {
    /// Which.
    pub campaign: Campaign,
    /// Its seed.
    pub seed: u64,
    /// How long it took.
    pub time: Duration,
    /// What it has counted; none where it could not go on.
    pub tally: Option<Tally>,
}

impl Row {
    /// The campaign's name.
    pub fn name(&self) -> String {
        self.campaign.name()
    }

    /// Whether it went through without harm.
    pub fn is_well(&self) -> bool {
        self.tally.as_ref().is_some_and(|tally| tally.harm.is_none())
    }

    /// What is wrong and what is to be known, a line each.
    pub fn told(&self) -> String {
        let Some(tally) = &self.tally else {
            return format!("{}: it could not go on (see above)\n", self.name());
        };
        let mut text = String::new();
        for line in tally.wrong.iter().take(SHOWN) {
            let _ = writeln!(text, "wrong: {line}");
        }
        if let Some(more) = tally.wrong.len().checked_sub(SHOWN + 1) {
            let _ = writeln!(text, "and {} more; the last: {}", more, tally.wrong[more + SHOWN]);
        }
        for note in &tally.notes {
            let _ = writeln!(text, "{note}");
        }
        text
    }

    /// The figures, the name first.
    pub fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.name(), self.seed.to_string()];
        match &self.tally {
            Some(tally) => {
                let Tally { faults, sagas, tried, acknowledged, refused, unknown, harm, .. } =
                    tally;
                let figures = [faults, sagas, tried, acknowledged, refused, unknown];
                cells.extend(figures.map(ToString::to_string));
                cells.extend(harm.columns().map(|(_, count)| count.to_string()));
            }
            None => cells.extend(std::iter::repeat_n("?".to_owned(), 12)),
        }
        cells.push(format!("{:.0}", self.time.as_secs_f64()));
        cells
    }
}

/// The heads of the columns.
pub fn heads() -> Vec<&'static str> {
    let mut heads =
        vec!["campaign", "seed", "faults", "sagas", "tried", "acknowledged", "refused", "unknown"];
    heads.extend(crate::tally::Harm::default().columns().map(|(name, _)| name));
    heads.push("s");
    heads
}

/// All campaigns in columns.
pub fn table(rows: &[Row]) -> String {
    let heads: Vec<String> = heads().into_iter().map(str::to_owned).collect();
    let lines: Vec<Vec<String>> =
        std::iter::once(heads).chain(rows.iter().map(Row::cells)).collect();
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  "));
    }
    text
}
