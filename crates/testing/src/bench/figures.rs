//! The table.

use madang_testing::load::Outcome;
use madang_testing::usage::{ROLES, Usage};

/// The share of the machine, in percent, that other processes may use before figures suffer.
const NOISE: f64 = 5.0;

/// What was measured, line by line, and what was used for it.
#[derive(Default)]
pub struct Figures {
    lines: Vec<Line>,
    usages: Vec<Usage>,
}

struct Line {
    name: String,
    measured: String,
    target: String,
    verdict: &'static str,
}

impl Figures {
    /// A figure that has no target.
    pub fn note(&mut self, name: impl Into<String>, measured: impl Into<String>) {
        let (target, verdict) = (String::new(), "");
        self.lines.push(Line { name: name.into(), measured: measured.into(), target, verdict });
    }

    /// A figure that should be below a limit.
    pub fn below(&mut self, name: impl Into<String>, value: f64, limit: f64, unit: &str) {
        self.judged(
            name.into(),
            value,
            format!("under {} {unit}", number(limit)),
            value < limit,
            unit,
        );
    }

    /// A figure that should reach a limit.
    pub fn at_least(&mut self, name: impl Into<String>, value: f64, limit: f64, unit: &str) {
        self.judged(
            name.into(),
            value,
            format!("at least {} {unit}", number(limit)),
            value >= limit,
            unit,
        );
    }

    fn judged(&mut self, name: String, value: f64, target: String, good: bool, unit: &str) {
        let verdict = if good { "pass" } else { "short" };
        let measured = format!("{} {unit}", number(value));
        self.lines.push(Line { name, measured, target, verdict });
    }

    /// Rate and times of a load.
    pub fn load(&mut self, what: &'static str, outcome: &Outcome, least_rate: f64) {
        self.at_least(what, outcome.rate(), least_rate, "/s");
        self.note("    p50", format!("{} ms", number(outcome.percentile(0.5))));
        self.below("    p99", outcome.percentile(0.99), 25.0, "ms");
        self.note("    p99.9", format!("{} ms", number(outcome.percentile(0.999))));
    }

    /// What a phase used.
    pub fn used(&mut self, usage: Usage) {
        self.usages.push(usage);
    }

    /// The most memory that the host had in any phase, in bytes: resident and proportional.
    pub fn memory(&mut self) {
        let peak =
            |of: fn(&Usage) -> u64| self.usages.iter().map(of).max().unwrap_or_default() as f64;
        let (rss, pss) = (peak(|u| u.memory.rss) / 1e6, peak(|u| u.memory.pss) / 1e6);
        self.below("host memory, shared pages counted once", pss, 150.0, "MB");
        self.note("    sum of what each process has resident", format!("{} MB", number(rss)));
    }

    /// Prints all of it.
    pub fn print(&self) {
        println!("\n{:<44} {:>14}  {:<18} ", "", "measured", "target");
        for Line { name, measured, target, verdict } in &self.lines {
            println!("{}", format!("{name:<44} {measured:>14}  {target:<18} {verdict}").trim_end());
        }
        self.print_usages();
    }

    /// Where the time went.
    fn print_usages(&self) {
        println!("\nSeconds of processor time, of {} cores:", cores());
        let roles = ROLES.map(|role| format!("{role:>16}")).concat();
        println!("{:<26}{:>8}{roles}{:>8}{:>7}", "", "lasted", "others", "busy");
        let mut disturbed = 0.0_f64;
        for Usage { phase, elapsed, cpu, others, .. } in &self.usages {
            let elapsed = elapsed.as_secs_f64();
            let share = |seconds: f64| 100.0 * seconds / (elapsed * cores() as f64);
            let busy = share(cpu.iter().sum::<f64>() + others);
            let cpu = cpu.map(|seconds| format!("{seconds:>16.2}")).concat();
            println!("{phase:<26}{elapsed:>8.2}{cpu}{others:>8.2}{busy:>6.0}%");
            disturbed = disturbed.max(share(*others));
        }
        if disturbed > NOISE {
            println!(
                "\nOther processes used up to {disturbed:.0}% of this machine: \
                 figures are worse than they would be without them."
            );
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Three digits or more, thousands apart: `0.42`, `7.31`, `48.2`, `12,345`.
pub fn number(value: f64) -> String {
    let decimals = match value {
        v if v.fract() == 0.0 || v >= 999.95 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let groups: Vec<_> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|digits| String::from_utf8_lossy(digits).into_owned())
        .collect();
    groups.join(",") + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_readable() {
        let shown = [0.0, 0.4217, 7.314, 25.0, 48.23, 999.96, 12_345.6, 1_234_567.0].map(number);
        assert_eq!(shown, ["0", "0.42", "7.31", "25", "48.2", "1,000", "12,346", "1,234,567"]);
    }

    #[test]
    fn a_figure_that_misses_its_target_is_short() {
        let mut figures = Figures::default();
        figures.below("start", 1.0, 1.0, "s");
        figures.at_least("rate", 12_000.0, 12_000.0, "/s");
        let lines: Vec<_> = figures.lines.iter().map(|l| (l.target.as_str(), l.verdict)).collect();
        assert_eq!(lines, [("under 1 s", "short"), ("at least 12,000 /s", "pass")]);
    }
}
