use crate::app::{Action, Folder};
use std::{fs, net::TcpListener};

fn said(components: &[(&str, Action)], rest: &str, expected: &[&str]) {
    let text = Folder::new(components, rest).refused(&[]);
    for expected in expected {
        assert!(text.contains(expected), "{expected:?} is not in: {text}");
    }
}

#[test]
fn faults_of_the_manifest_are_named_with_their_mend() {
    let hello = || ("hello", Action::Answer);
    said(&[hello()], "sources = 1\n", &["unknown field `sources`", "spin.toml is not in order"]);
    said(
        &[hello()],
        "ai_models = [\"a\"]\n",
        &["[component.hello]: `ai_models` is not supported: call"],
    );
    said(
        &[hello()],
        "sqlite_databases = [\"views\"]\n",
        &[
            "[component.hello]: the label `views` has no store: add to the runtime config",
            "[sqlite_database.views]",
        ],
    );
    said(
        &[hello()],
        "variables = { url = \"{{ nowhere }}\" }\n",
        &[
            "the variable `url`",
            "uses the variable `nowhere`, which is not declared",
            "to [variables]",
        ],
    );
    said(
        &[hello()],
        "[variables]\ntoken = { required = true }\n",
        &["the variable `token` is required and has no value: give it with `--variable token=…`"],
    );
    said(
        &[hello()],
        "[[trigger.http]]\nroute = \"/hello\"\ncomponent = \"hello\"\n",
        &["the route \"/hello\" is given to both `hello` and `hello`: change one"],
    );
}

#[test]
fn faults_of_component_files_are_named_with_their_mend() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let file = folder.path().join("hello.wasm");

    fs::write(&file, b"\0asm\x01\0\0\0").unwrap();
    let text = folder.refused(&[]);
    assert!(
        text.contains("[component.hello]: ") && text.contains("hello.wasm is not a component"),
        "{text}"
    );

    fs::write(&file, wat::parse_str("(component (import \"other:host/thing\" (func)))").unwrap())
        .unwrap();
    let text = folder.refused(&[]);
    assert!(
        text.contains("it imports `other:host/thing`, which this host does not give"),
        "{text}"
    );

    fs::write(&file, wat::parse_str("(component)").unwrap()).unwrap();
    let text = folder.refused(&[]);
    assert!(
        text.contains(
            "a [[trigger.http]] calls it, but it does not export wasi:http/incoming-handler"
        ),
        "{text}"
    );

    fs::remove_file(&file).unwrap();
    let text = folder.refused(&[]);
    assert!(text.contains("hello.wasm: build the component first"), "{text}");
}

#[test]
fn faults_of_the_command_line_are_named_with_their_mend() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    for (arguments, expected) in [
        (
            ["--component-id", "helo"],
            "--component-id names the component `helo`, which the manifest does not have, did \
             you mean `hello`?",
        ),
        (["--env", "A"], "\"A\" is no pair: write `name=value`"),
        (
            ["--max-instance-memory", "1"],
            "--max-instance-memory is a flag of `spin up` that is not supported: write --memory-limit",
        ),
        (["--follow=hello", "-q"], "--follow is a flag of `spin up` that is not supported: read"),
        (["--admin", "0.0.0.0:0"], "the admin port has no password and stays on this machine"),
        (
            ["--from", "elsewhere.toml"],
            "cannot read the manifest elsewhere.toml: name it with --from",
        ),
        (["--variable", "x"], "--variable x: write `name=value`"),
        (["--runtime-config-file", "none.toml"], "cannot read the runtime config none.toml"),
    ] {
        let text = folder.refused(&arguments);
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    let uses_redis =
        Folder::new(&[("hello", Action::Answer)], "tool.madang.redis_keys = [\"a\"]\n");
    let text = uses_redis.refused(&["--redis-url", "redis://me:secret@127.0.0.1:1/3"]);
    assert!(text.contains("only database 0 is supported") && !text.contains("secret"), "{text}");
}

#[test]
fn a_port_or_a_state_folder_in_use_is_named() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (success, text) = folder.run(&["up", "--listen", &address]);
    assert!(!success && text.contains(&format!("{address} is already in use: ")), "{text}");

    let app = folder.up(&[]);
    let text = folder.refused(&[]);
    assert!(text.contains(&format!("(process {})", app.running()["pid"])), "{text}");
    assert!(text.contains("--state-dir"), "{text}");
    // A second host cannot share the port by chance, either.
    let other = Folder::new(&[("hello", Action::Answer)], "");
    let address = app.address();
    let (success, text) = other.run(&["up", "--listen", &address]);
    assert!(!success && text.contains("is already in use"), "{text}");
}

#[test]
fn an_application_that_nothing_calls_is_refused() {
    let text =
        Folder::with_manifest("spin_manifest_version = 2\napplication.name = \"a\"\n[trigger]\n")
            .refused(&[]);
    assert!(
        text.contains("no trigger calls a component that runs: add a [[trigger.http]]"),
        "{text}"
    );
}

#[test]
fn a_bound_that_is_none_is_named_with_its_place() {
    let bound = |count: &str| {
        Folder::with_manifest(&format!(
            "spin_manifest_version = 2\n[application]\nname = \"a\"\n\
             tool.madang.max_requests = {count}\n[trigger]\n"
        ))
        .refused(&[])
    };
    let text = bound("\"many\"");
    assert!(
        text.contains(
            "[application.tool.madang]: max_requests: \"many\" is no whole number from 1 up"
        ),
        "{text}"
    );
    assert!(bound("-1").contains("\"-1\" is no whole number"), "{}", bound("-1"));
}
