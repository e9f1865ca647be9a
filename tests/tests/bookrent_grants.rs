//! What the manifest does not grant is refused: BookRent with one grant taken away.

use madang_testing::{Host, repository, spin_manifest};
use madang_tests::{BookRent, problem};
use serde_json::json;
use std::fs;

/// A host with BookRent's manifest, where `granted` is replaced.
fn host_without(granted: &str, instead: &str) -> (tempfile::TempDir, Host) {
    let manifest = fs::read_to_string(spin_manifest()).unwrap();
    assert!(manifest.contains(granted), "the manifest grants no {granted}");
    let built = format!("source = \"{}/target/", repository().display());
    let manifest = manifest.replace(granted, instead).replace("source = \"target/", &built);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spin.toml");
    fs::write(&path, manifest).unwrap();
    let host = Host::builder().manifest(path).start();
    (folder, host)
}

#[test]
fn a_host_that_is_not_granted_is_not_reached() {
    let (_folder, host) = host_without(
        r#"["redis://{{ redis_address }}", "{{ base_url }}"]"#,
        r#"["redis://{{ redis_address }}"]"#,
    );
    let shop = BookRent::of(&host);
    let book = shop.register("out of reach");
    let rent = shop.ask(book, 1).expect(201);
    assert_eq!(rent.json()["status"], "Fail", "{rent}");
    assert!(shop.is_free(book));
    if host.has_faults() {
        let said = host.printed();
        let named = said.contains("bookrent-rent may not reach http://127.0.0.1");
        assert!(named && said.contains("allowed_outbound_hosts"), "{said}");
    }
}

#[test]
fn a_redis_that_is_not_granted_is_not_reached() {
    let (_folder, host) = host_without(
        "allowed_outbound_hosts = [\"redis://{{ redis_address }}\"]\nsqlite_databases",
        "allowed_outbound_hosts = []\nsqlite_databases",
    );
    let shop = BookRent::of(&host);
    let views = shop.client.get("/bookrent/views");
    assert!(matches!(views.status, 500 | 503), "{views}");
    problem(&views, views.status, "/bookrent/views");
    shop.rent(shop.register("others go on"), 1);
}

#[test]
fn a_database_that_is_not_granted_is_not_opened() {
    let (_folder, host) = host_without(r#"["bookrent-view"]"#, "[]");
    let shop = BookRent::of(&host);
    let views = shop.client.get("/bookrent/views").expect(500);
    problem(&views, 500, "/bookrent/views");
    assert_eq!(
        views.json()["detail"],
        json!("the request could not be carried out; nothing was stored")
    );
    shop.rent(shop.register("others go on"), 1);
}
