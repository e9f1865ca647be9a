use crate::app::{Action, Folder, alive, pid, wait_for};
use rustix::process::{Signal, kill_process};
use std::{
    io::{Read, Write},
    net::TcpStream,
};

#[test]
fn a_killed_worker_is_replaced_and_its_faults_with_it() {
    let folder = Folder::new(&[("other", Action::Answer), ("hello", Action::Answer)], "");
    let app = folder.up(&["--workers", "1"]);
    assert!(folder.run(&["down", "hello"]).0);
    let worker = || app.running()["workers"][0].as_u64().map(|pid| u32::try_from(pid).unwrap());
    let before = worker().unwrap();
    kill_process(pid(before), Signal::KILL).unwrap();
    // The queue is the supervisor's: the request waits for the next worker.
    assert_eq!(app.get("/other"), 200);
    wait_for("the new worker to be announced", || worker().is_some_and(|now| now != before));
    assert_eq!(app.get("/hello"), 503);
    assert!(app.errors().contains("worker 1 ended (signal: 9"), "{}", app.errors());
    let (_, status) = folder.run(&["status"]);
    assert!(status.contains("\"restarts\": 1"), "{status}");
}

#[test]
fn ctrl_c_finishes_what_was_begun_and_leaves_no_process() {
    let folder = Folder::new(&[("hello", Action::Answer)], "tool.madang.redis_keys = [\"a\"]\n");
    let app = folder.up(&["--workers", "2"]);
    assert!(folder.run(&["delay", "hello", "500"]).0);
    let processes = app.processes();
    assert_eq!(processes.len(), 4, "{processes:?}");
    let address = app.address();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    // The worker has it once a second request on the same queue would: ask the kernel by the answer
    // of another.
    assert_eq!(app.get("/.well-known/spin/health"), 200);
    let (success, said) = app.stop();
    assert!(success, "it did not end well");
    assert!(
        said.contains(&format!("Serving http://{address}\n"))
            && said.contains("Admin http://127.0.0.1:"),
        "{said}"
    );
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for process in processes {
        assert!(!alive(process), "process {process} is left");
    }
    assert!(!folder.path().join(".madang/running.json").exists());
}

#[test]
fn workers_do_not_outlive_a_killed_supervisor() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let app = folder.up(&["--workers", "2"]);
    let processes = app.processes();
    app.signal(Signal::KILL);
    app.wait();
    wait_for("the workers to end", || processes.iter().all(|process| !alive(*process)));
    // And the state folder is free again, whatever was left in it.
    assert_eq!(folder.up(&[]).get("/hello"), 200);
}

#[test]
fn a_second_start_finds_what_was_compiled() {
    let folder = Folder::new(&[("hello", Action::Answer)], "");
    let compiled = || {
        let mut files: Vec<_> = std::fs::read_dir(folder.path().join(".madang/cache"))
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.file_name(), entry.metadata().unwrap().modified().unwrap())
            })
            .collect();
        files.sort();
        files
    };
    folder.up(&[]).stop();
    let before = compiled();
    assert_eq!(before.len(), 1);
    folder.up(&[]).stop();
    assert_eq!(compiled(), before);
    // Another build replaces it.
    folder.build("hello", &Action::Trap);
    let app = folder.up(&[]);
    assert_eq!(app.get("/hello"), 500);
    assert_eq!(compiled().len(), 1);
    assert_ne!(compiled()[0].0, before[0].0);
}
