//! What who runs an application reads: its processes, its logs, and the form of its lines.

use crate::app::{Action, Folder, wait_for};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

#[test]
fn ps_tells_the_processes() {
    let folder = Folder::new(
        &[("hello", Action::Answer)],
        "tool.madang = { ready = \"/hello\", redis_keys = [\"a\"] }\n",
    );
    let (success, said) = folder.run(&["ps"]);
    assert!(!success && said.contains("no application is running"), "{said}");
    let app = folder.up(&["--workers", "2"]);
    let (success, said) = folder.run(&["ps", "--json"]);
    assert!(success, "{said}");
    let processes: Vec<Value> = serde_json::from_str(&said).unwrap();
    let names: Vec<_> = processes.iter().map(|process| process["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["supervisor", "worker 1", "worker 2", "trigger process", "redis"]);
    let mut pids: Vec<_> = processes.iter().map(|one| one["pid"].as_u64().unwrap()).collect();
    let mut known: Vec<_> = app.processes().into_iter().map(u64::from).collect();
    pids.sort_unstable();
    known.sort_unstable();
    assert_eq!(pids, known);
    for process in &processes {
        assert!(process["memory"].as_u64().is_some_and(|bytes| bytes > 1 << 20), "{process}");
    }
    let worker = &processes[1];
    let since = humantime::parse_rfc3339(worker["since"].as_str().unwrap()).unwrap();
    assert!(since.elapsed().unwrap().as_secs() < 600, "{worker}");
    assert_eq!((&worker["restarts"], &worker["instances"]), (&0.into(), &0.into()));
    assert_eq!(worker["serves"], format!("http://{}", app.address()));
    assert_eq!(processes[3]["serves"], "the components' readiness");
    let (success, said) = folder.run(&["ps"]);
    assert!(success && said.starts_with("PROCESS          PID "), "{said}");
    assert_eq!(said.lines().count(), 6, "{said}");
}

#[test]
fn logs_are_printed_and_followed() {
    let folder = Folder::new(&[("hello", Action::Answer), ("other", Action::Answer)], "");
    let (success, said) = folder.run(&["logs"]);
    assert!(!success && said.contains("start one with `madang up`"), "{said}");
    drop(folder.up(&[]));
    let file = |name: &str| folder.path().join(".madang/logs").join(name);
    fs::write(file("hello_stdout.txt"), "one\ntwo\n").unwrap();
    fs::write(file("other_stderr.txt"), "three\nhalf").unwrap();
    // Also of one that runs no more.
    let (success, said) = folder.run(&["logs"]);
    assert!(success, "{said}");
    assert_eq!(said, "[hello] one\n[hello] two\n[other] three\n[other] half\n");
    assert_eq!(folder.run(&["logs", "hello"]), (true, "one\ntwo\n".to_owned()));
    for (lines, expected) in [("0", ""), ("1", "two\n"), ("2", "one\ntwo\n"), ("9", "one\ntwo\n")] {
        let (_, said) = folder.run(&["logs", "hello", "--tail", lines]);
        assert_eq!(said, expected, "--tail {lines}");
    }
    let (success, said) = folder.run(&["logs", "helo"]);
    assert!(!success && said.contains("`helo` has run here, did you mean `hello`?"), "{said}");

    let mut following =
        folder.command(&["logs", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.by_ref().take(3).last().unwrap(), "[other] three");
    let append = |name: &str, text: &str| {
        let file = fs::OpenOptions::new().append(true).create(true).open(file(name));
        std::io::Write::write_all(&mut file.unwrap(), text.as_bytes()).unwrap();
    };
    append("other_stderr.txt", " of it\n");
    assert_eq!(lines.next().unwrap(), "[other] half of it");
    append("new_stdout.txt", "here\n");
    assert_eq!(lines.next().unwrap(), "[new] here");
    following.kill().unwrap();
    following.wait().unwrap();
}

#[test]
fn who_has_read_enough_may_go() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    drop(folder.up(&[]));
    // More than a pipe holds.
    let file = folder.path().join(".madang/logs/hello_stdout.txt");
    fs::write(file, "line\n".repeat(1 << 20)).unwrap();
    let mut command = folder.command(&["logs", "hello"]);
    let mut printing = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(printing.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "line");
    drop(lines);
    let output = printing.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// The lines that a host wrote for machines.
fn objects(text: &str) -> Vec<Value> {
    let read = |line: &str| match serde_json::from_str(line) {
        Ok(line) => line,
        Err(error) => panic!("{line:?} is no JSON: {error}"),
    };
    text.lines().map(read).collect()
}

#[test]
fn lines_are_json_where_nobody_looks_and_pretty_where_told() {
    let components = || [("trap", Action::Trap), ("hello", Action::Answer)];
    let folder = Folder::new(&components(), "");
    for format in ["auto", "json"] {
        let app = folder.up(&["--workers", "1", "--log-format", format]);
        assert_eq!(app.get("/trap"), 500);
        wait_for("the trap to be told", || app.errors().contains("\"component\":\"trap\""));
        let lines = objects(&app.errors());
        let trap = lines.iter().find(|line| line["component"] == "trap").unwrap();
        assert_eq!(trap["level"], "error");
        let message = trap["message"].as_str().unwrap();
        assert!(message.starts_with("component trap failed: "), "{trap}");
        assert!(message.contains('\n'), "a trace has lines: {trap}");
        humantime::parse_rfc3339(trap["time"].as_str().unwrap()).unwrap();
        let start = &lines[0];
        assert_eq!(start["level"], "info", "{start}");
        assert!(start["message"].as_str().unwrap().starts_with("serving http://"), "{start}");
        assert!(start.get("component").is_none(), "{start}");
        let (success, printed) = app.stop();
        assert!(success && printed.is_empty(), "{printed}");
    }
    let app = folder.up(&["--workers", "1", "--log-format", "pretty"]);
    assert_eq!(app.get("/trap"), 500);
    wait_for("the trap to be told", || {
        app.errors().contains("\ncomponent trap failed: ")
            || app.errors().starts_with("component trap failed: ")
    });
    // Refusals of `up` have the same form.
    let said = folder.refused(&["--log-format", "json", "--state-dir", ".madang"]);
    assert!(objects(&said)[0]["message"].as_str().unwrap().contains("is in use"), "{said}");
}
