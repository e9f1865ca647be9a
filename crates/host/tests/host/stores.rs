use crate::app::{Action, Folder};
use redis::Commands;
use rusqlite::Connection;
use std::fs;

/// Two components that share the store `default`, as the runtime config says.
fn folder(config: &str) -> Folder {
    let folder = Folder::with_manifest(
        r#"
spin_manifest_version = 2
application.name = "test"
[[trigger.http]]
route = "/store"
component = "store"
[[trigger.http]]
route = "/stored"
component = "stored"
[component.store]
source = "store.wasm"
key_value_stores = ["default"]
[component.stored]
source = "stored.wasm"
key_value_stores = ["default"]
"#,
    );
    folder.build("store", &Action::Store("default"));
    folder.build("stored", &Action::Stored("default"));
    fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}

const CONFIG: [&str; 2] = ["--runtime-config-file", "config.toml"];

#[test]
fn what_is_in_memory_is_shared_by_the_workers_and_gone_at_the_end() {
    let folder = folder("[key_value_store.default]\ntype = \"spin\"\n");
    let app = folder.up(&[&CONFIG[..], &["--workers", "2"]].concat());
    assert_eq!(app.get("/stored"), 404);
    assert_eq!(app.get("/store"), 200);
    // A connection each, so that both workers are asked.
    for _ in 0..16 {
        assert_eq!(app.get("/stored"), 200);
    }
    assert!(folder.run(&["reload"]).0);
    assert_eq!(app.get("/stored"), 200);
    app.stop();
    assert!(!folder.path().join(".madang/memory").exists());
    assert_eq!(folder.up(&CONFIG).get("/stored"), 404);
}

#[test]
fn a_store_is_kept_in_redis_under_its_own_keys() {
    let server = Folder::new(&[("a", Action::Answer)], "tool.madang.redis_keys = [\"a\"]\n");
    let server = server.up(&[]);
    let url = server.running()["redis"]["adminUrl"].as_str().unwrap().to_owned();
    let config = format!("[key_value_store.default]\ntype = \"redis\"\nurl = \"{url}\"\n");
    let folder = folder(&config);
    let app = folder.up(&[&CONFIG[..], &["--key-value", "greeting=hi"]].concat());
    let mut redis = redis::Client::open(url).unwrap().get_connection().unwrap();
    assert_eq!(redis.get::<_, String>("greeting").unwrap(), "hi");
    assert_eq!(app.get("/stored"), 404);
    assert_eq!(app.get("/store"), 200);
    assert_eq!(app.get("/stored"), 200);
    // The test's component calls its value by the first letter of its store.
    assert_eq!(redis.get::<_, String>("d").unwrap(), "d");
}

#[test]
fn stores_hold_what_the_command_line_says() {
    let folder = folder("[sqlite_database.views]\ntype = \"spin\"\npath = \"views.db\"\n");
    let file = "CREATE TABLE seen (id); INSERT INTO seen VALUES (7);";
    fs::write(folder.path().join("views.sql"), file).unwrap();
    let app = folder.up(&[
        &CONFIG[..],
        &["--key-value", "d=x=y", "--key-value", "e=", "--sqlite", "CREATE TABLE one (id);"],
        &["--sqlite", "INSERT INTO one VALUES (3)", "--sqlite", "@views.sql:views"],
    ]
    .concat());
    assert_eq!(app.get("/stored"), 200);
    app.stop();
    let number = |file: &str, query: &str| -> i64 {
        let database = Connection::open(folder.path().join(file)).unwrap();
        database.query_row(query, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(number(".madang/sqlite_db.db", "SELECT id FROM one"), 3);
    assert_eq!(number("views.db", "SELECT id FROM seen"), 7);
    let values = "SELECT count(*) FROM spin_key_value WHERE store = 'default' AND value = CAST(";
    let count =
        |value: &str| number(".madang/sqlite_key_value.db", &format!("{values}'{value}' AS BLOB)"));
    assert_eq!((count("x=y"), count("")), (1, 1));
}

#[test]
fn faults_of_what_stores_are_to_hold_are_named() {
    let folder =
        folder("[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://127.0.0.1:1\"\n");
    for (arguments, expected) in [
        (["--sqlite", "CREATE"], "--sqlite CREATE: "),
        (["--sqlite", "SELECT 1; SELECT 2"], "only one statement is run: give several as `@file`"),
        (["--sqlite", "CREATE TABLE a (b); INSERT INTO a VALUES (1)"], "only one statement is run"),
        (["--sqlite", "@none.sql"], "--sqlite @none.sql: cannot read none.sql"),
        (["--sqlite", "@config.toml:other"], "the label `other` has no database: add [sqlite_"),
        (["--sqlite", "@:a"], "write `@file` or `@file:label`"),
        (["--key-value", "a=b"], "--key-value: the default store: "),
        (["--key-value", "a"], "write `name=value`"),
    ] {
        let said = folder.refused(&[&CONFIG[..], &arguments].concat());
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}
