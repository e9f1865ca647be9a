//! Starting the program in a folder of its own.

use madang_testing::eventually;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// What a test component does before it answers.
pub enum Action {
    /// Nothing.
    Answer,
    /// Chooses this status instead of 200.
    Status(u16),
    /// `unreachable`.
    Trap,
    /// Computes for ever.
    Loop,
    /// Asks for memory for ever.
    Eat,
    /// Writes to the key-value store of this label.
    Store(&'static str),
    /// Chooses 200 where [`Action::Store`] wrote to the store of this label, 404 where not.
    Stored(&'static str),
    /// Answers what came in the header of this name as the header `echo`.
    Echo(&'static str),
    /// Reads the body: 200 at its end, 400 if it breaks off.
    Read,
    /// Answers with a body that has no end, and says that it has this length unless that is empty.
    Pour(&'static str),
    /// Answers each environment variable as the header of its name.
    Environment,
    /// Answers what this file says as the header `echo`: 404 where it is not, 410 without files.
    Show(&'static str),
    /// Opens this file to write to it: 403 where it may not.
    Write(&'static str),
    /// Sends a GET for `/far/away?q=1` to this authority by http, to none if it is empty; answers with that one's status and header
    /// `echo`, or 502.
    Call(&'static str),
}

impl Action {
    /// The component's bytes.
    pub fn component(&self) -> Vec<u8> {
        let status;
        let action = match self {
            Self::Answer => "",
            Self::Status(code) => {
                status = format!("(local.set $code (i32.const {code}))");
                &status
            }
            Self::Trap => "unreachable",
            Self::Loop => "(loop $again (br $again))",
            Self::Eat => "(loop $more (drop (memory.grow (i32.const 16))) (br $more))",
            Self::Store(_) => "(local.set $code (call $store))",
            Self::Stored(_) => "(local.set $code (call $stored))",
            Self::Echo(_) => "(call $echo (local.get $request) (local.get $headers))",
            Self::Read => "(local.set $code (call $read (local.get $request)))",
            Self::Pour("") => "",
            Self::Pour(_) => "(call $declare (local.get $headers))",
            Self::Environment => "(call $environment (local.get $headers))",
            Self::Show(_) => "(local.set $code (call $show (local.get $headers)))",
            // Made if need be, to be read and written.
            Self::Write(_) => "(local.set $code (call $file (i32.const 1) (i32.const 3)))",
            Self::Call(_) => "(local.set $code (call $call (local.get $headers)))",
        };
        let label = match self {
            Self::Store(label)
            | Self::Stored(label)
            | Self::Echo(label)
            | Self::Show(label)
            | Self::Write(label)
            | Self::Call(label)
            | Self::Pour(label) => label,
            _ => "",
        };
        let (open, pour) = match self {
            Self::Pour(_) => (
                "(local.set $body (call $open_body (local.get $answer)))",
                "(call $pour (local.get $body))",
            ),
            _ => ("", ""),
        };
        let text = include_str!("component.wat")
            .replace("PAGES", "1")
            .replace("ACTION", action)
            .replace("OPEN", open)
            .replace("POUR", pour)
            .replace("LABEL", label)
            .replace("LENGTH", &label.len().to_string());
        wat::parse_str(text).unwrap()
    }
}

/// A folder with a manifest and components.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    /// Writes components as `<name>.wasm` and a manifest that routes `/<name>` to each; `rest` is
    /// put after the table of the last one.
    pub fn new(components: &[(&str, Action)], rest: &str) -> Self {
        let mut manifest = "spin_manifest_version = 2\napplication.name = \"test\"\n".to_owned();
        for (name, _) in components {
            manifest += &format!("[[trigger.http]]\nroute = \"/{name}\"\ncomponent = \"{name}\"\n");
        }
        for (name, _) in components {
            manifest += &format!("[component.{name}]\nsource = \"{name}.wasm\"\n");
        }
        let folder = Self::with_manifest(&(manifest + rest));
        for (name, action) in components {
            folder.build(name, action);
        }
        folder
    }

    /// Writes `<name>.wasm`.
    pub fn build(&self, name: &str, action: &Action) {
        fs::write(self.path().join(format!("{name}.wasm")), action.component()).unwrap();
    }

    /// Replaces the manifest.
    pub fn write_manifest(&self, text: &str) {
        fs::write(self.path().join("spin.toml"), text).unwrap();
    }

    /// Writes a manifest.
    pub fn with_manifest(text: &str) -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap() };
        folder.write_manifest(text);
        folder
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command to be run in it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_madang"));
        command.current_dir(self.path()).args(arguments);
        for name in [
            "MADANG_REDIS_URL",
            "MADANG_REDIS_FSYNC",
            "RUNTIME_CONFIG_FILE",
            "SPIN_HTTP_LISTEN_ADDR",
            "SPIN_TLS_CERT",
            "SPIN_TLS_KEY",
        ] {
            command.env_remove(name);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OTEL_") {
                command.env_remove(&name);
            }
        }
        // As people read it, where a test does not say otherwise.
        command.env("MADANG_LOG_FORMAT", "pretty");
        command
    }

    /// Runs a command to its end; its exit, and what it said on both outputs.
    pub fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    /// Runs `madang up`, which must fail; what it said.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let said = self.path().join("refusal.txt");
        let file = fs::File::create(&said).unwrap();
        let mut command = self.command(&["up", "--listen", "127.0.0.1:0"]);
        command.args(arguments).stdout(file.try_clone().unwrap()).stderr(file);
        let mut child = command.spawn().unwrap();
        // One that serves instead would not end by itself.
        let begin = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if begin.elapsed() > DEADLINE => break None,
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        if status.is_none() {
            kill_process(pid(child.id()), Signal::INT).unwrap();
            child.wait().unwrap();
        }
        let said = fs::read_to_string(said).unwrap();
        assert!(status.is_some_and(|status| !status.success()), "it did not fail: {said}");
        said
    }

    /// Starts `madang up` and waits until it serves.
    pub fn up(&self, arguments: &[&str]) -> App {
        self.up_with(&[], arguments)
    }

    /// The same, with environment variables.
    pub fn up_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> App {
        let errors = self.path().join("errors.txt");
        let mut child = self
            .command(&["up", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let file = self.path().join(".madang/running.json");
        wait_for("the application to serve", || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("`madang up` ended ({status}): {}", fs::read_to_string(&errors).unwrap());
            }
            // A file of an earlier run tells of another process.
            let running =
                fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            running.is_some_and(|running| running["pid"] == child.id())
        });
        App { child, file, errors }
    }
}

/// An answer as it came.
pub type Answer = ureq::http::Response<ureq::Body>;

/// A running application. Dropped, it is stopped.
pub struct App {
    child: Child,
    file: PathBuf,
    errors: PathBuf,
}

impl App {
    /// `running.json`.
    pub fn running(&self) -> Value {
        serde_json::from_slice(&fs::read(&self.file).unwrap()).unwrap()
    }

    /// The status of a GET.
    pub fn get(&self, path: &str) -> u16 {
        self.answer(path).0
    }

    /// Status, content type and body of a GET.
    pub fn answer(&self, path: &str) -> (u16, String, String) {
        let url = format!("{}{path}", self.running()["http"].as_str().unwrap());
        read(agent().get(url).call().unwrap())
    }

    /// Sends a GET with headers and returns the answer as it came.
    pub fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request =
            agent().get(format!("{}{path}", self.running()["http"].as_str().unwrap()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.call().unwrap()
    }

    /// What the admin port says at a path: status, content type and body.
    pub fn told(&self, path: &str) -> (u16, String, String) {
        let url = format!("{}{path}", self.running()["admin"].as_str().unwrap());
        read(agent().get(url).call().unwrap())
    }

    /// An order to the admin port; status and body.
    pub fn order(&self, path: &str, body: &str) -> (u16, String) {
        let url = format!("{}{path}", self.running()["admin"].as_str().unwrap());
        let (status, _, body) =
            read(agent().post(url).content_type("application/json").send(body).unwrap());
        (status, body)
    }

    /// The process ids of the supervisor and all it started.
    pub fn processes(&self) -> Vec<u32> {
        let running = self.running();
        let one = |value: &Value| value.as_u64().map(|pid| u32::try_from(pid).unwrap());
        let workers = running["workers"].as_array().unwrap().iter().filter_map(one);
        workers
            .chain(one(&running["pid"]))
            .chain(one(&running["trigger"]))
            .chain(one(&running["redis"]["pid"]))
            .collect()
    }

    /// What it said on standard error so far.
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap()
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        self.running()["http"].as_str().unwrap().trim_start_matches("http://").to_owned()
    }

    /// Sends the supervisor a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(pid(self.child.id()), signal).unwrap();
    }

    /// Stops it and returns whether it ended well, and what it said on standard output.
    pub fn stop(mut self) -> (bool, String) {
        self.signal(Signal::INT);
        let mut said = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().success(), said)
    }

    /// Waits for its end without asking for it.
    pub fn wait(mut self) {
        self.child.wait().unwrap();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.signal(Signal::INT);
            self.child.wait().unwrap();
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(DEADLINE))
        .build()
        .into()
}

fn read(mut response: Answer) -> (u16, String, String) {
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    (
        response.status().as_u16(),
        kind.unwrap_or_default(),
        response.body_mut().read_to_string().unwrap(),
    )
}

/// A process id for signals.
pub fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap()).unwrap()
}

/// Whether a process runs.
pub fn alive(number: u32) -> bool {
    // A zombie that no one has waited for yet is as good as gone.
    let zombie =
        fs::read_to_string(format!("/proc/{number}/stat")).is_ok_and(|stat| stat.contains(") Z "));
    test_kill_process(pid(number)).is_ok() && !zombie
}

/// Waits until something is so.
#[track_caller]
pub fn wait_for(what: &str, mut so: impl FnMut() -> bool) {
    eventually(DEADLINE, || if so() { Ok(()) } else { Err(format!("waited in vain for {what}")) });
}
