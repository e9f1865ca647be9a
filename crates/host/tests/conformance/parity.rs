//! `docs/SPIN_PARITY.md` and the cases: neither knows what the other does not.

use crate::case::Case;
use madang_testing::{has_spin, repository};
use std::{collections::BTreeSet, fs, process::Command};

/// The last column of each row of a table: its cases, in backticks.
fn table() -> (String, BTreeSet<String>) {
    let text = fs::read_to_string(repository().join("docs/SPIN_PARITY.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    let cells = rows.filter_map(|row| row.rsplit('|').next());
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned));
    let names = names.collect();
    (text, names)
}

#[test]
fn the_table_names_every_case_and_no_other() {
    let (_, named) = table();
    let cases: BTreeSet<_> = Case::all().into_iter().map(|case| case.name).collect();
    let missing: Vec<_> = cases.difference(&named).collect();
    let unknown: Vec<_> = named.difference(&cases).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:?}, unknown: {unknown:?}");
}

#[test]
fn the_table_names_every_flag_of_spin() {
    if !has_spin() {
        return eprintln!("spin is not on the PATH: its flags are not looked at");
    }
    let (text, _) = table();
    // Told for an application, it has the flags of the application's triggers as well.
    let application = &Case::all()[0].folder;
    let help = Command::new("spin").args(["up", "--help", "--from"]).arg(application).output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    assert!(help.contains("--listen"), "no flags of the HTTP trigger: {help}");
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
    let flags = lines.filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")));
    let missing: Vec<_> = flags.filter(|flag| !text.contains(&format!("`{flag}"))).collect();
    assert!(missing.is_empty(), "docs/SPIN_PARITY.md does not say what becomes of {missing:?}");
}
