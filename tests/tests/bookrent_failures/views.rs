//! The read model: what is lost of it is in the log.

use super::everything;
use madang_testing::Host;
use madang_tests::BookRent;
use std::{fs, path::PathBuf};

/// The files of the view's database.
fn database(host: &Host) -> Vec<PathBuf> {
    let stores = fs::read_dir(host.state_dir().join("stores")).expect("the stores");
    stores
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().contains("bookrent-view"))
        .collect()
}

#[test]
fn a_view_that_is_deleted_is_made_again_from_the_log() {
    let mut host = Host::start();
    let shop = BookRent::of(&host);
    for n in 0..10 {
        let rent = shop.rent(shop.register(&format!("book {n}")), n + 1);
        if n % 3 == 0 {
            shop.cancel(rent);
        }
    }
    shop.check();
    let (before, log) = (everything(&shop), shop.log());
    drop(shop);
    host.stop();
    let files = database(&host);
    assert!(!files.is_empty());
    for file in files {
        fs::remove_file(file).unwrap();
    }
    host.restart();
    let shop = BookRent::of(&host);
    shop.check();
    assert_eq!(everything(&shop), before);
    assert_eq!(shop.log(), log);
    shop.rent(shop.register("one more"), 1);
    shop.check();
}
