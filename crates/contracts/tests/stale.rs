//! The documents in `docs/contracts` say what WIT and the contexts' route tables say.

use std::process::Command;

#[test]
fn the_documents_are_not_stale() {
    let checked = Command::new(env!("CARGO_BIN_EXE_madang-contracts")).arg("--check").output();
    let checked = checked.expect("madang-contracts runs");
    let said = [checked.stdout, checked.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(checked.status.success(), "{said}");
}
