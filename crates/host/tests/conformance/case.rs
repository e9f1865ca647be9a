//! A case: a folder with `spin.toml`, `case.toml`, what else the application needs, and, where `up`
//! must refuse it, `error.txt`.

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

/// A case, as its files say it.
///
/// In all texts but the manifest, `$ADDRESS` stands for where the application is served, `$NEIGHBOUR` for a server that
/// is none of its own (both `host:port`), and `$REDIS` for the URL of a Redis.
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// `error.txt`: each of its lines is part of what `madang up` says. Spin only has to refuse as well.
    pub error: Option<String>,
    /// `case.toml`.
    pub says: Says,
}

/// `case.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Says {
    /// What the case shows, in a line.
    #[serde(rename = "shows")]
    _shows: String,
    /// Further arguments of `up`.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Environment variables of the host.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Where a host begins otherwise than the case says: it refuses, or it does not.
    #[serde(flatten)]
    pub mark: Mark,
    /// What is asked, in order, of the same application.
    #[serde(default, rename = "request")]
    pub requests: Vec<Exchange>,
}

/// Why one of the hosts does not do what a case says. What is marked must be so: a mark that has become
/// needless is a fault.
#[derive(Default, Deserialize)]
pub struct Mark {
    /// Why Spin does otherwise, and the embedded host on purpose does not follow it.
    pub differs: Option<String>,
    /// What the embedded host does otherwise by mistake.
    pub fault: Option<String>,
}

/// A request and its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// `POST` where commands are given, else `GET`.
    pub method: Option<String>,
    /// With its query.
    #[serde(default = "root")]
    pub path: String,
    /// Headers that are sent.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: for the probe, its commands.
    #[serde(rename = "do")]
    pub body: Option<String>,
    /// The status that comes.
    #[serde(default = "ok")]
    pub status: u16,
    /// The whole body that comes. Left out where it is the host's own word, as on a route that is none.
    pub answer: Option<String>,
    /// Some of the headers that come; `""` is for one that does not.
    #[serde(default)]
    pub answer_headers: BTreeMap<String, String>,
    /// Asked again until the answer is as expected: for what happens by itself.
    #[serde(default)]
    pub eventually: bool,
    /// Where a host answers otherwise.
    #[serde(flatten)]
    pub mark: Mark,
}

fn root() -> String {
    "/".to_owned()
}

fn ok() -> u16 {
    200
}

impl Case {
    /// All cases, by name.
    pub fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases");
        let entries = fs::read_dir(folder).unwrap();
        let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    /// Those that `MADANG_TEST_CASE` names.
    pub fn asked_for() -> Vec<Self> {
        let part = env::var("MADANG_TEST_CASE").unwrap_or_default();
        let cases: Vec<_> = Self::all().into_iter().filter(|c| c.name.contains(&part)).collect();
        assert!(!cases.is_empty(), "no case is named like MADANG_TEST_CASE={part}");
        cases
    }

    fn read(folder: PathBuf) -> Self {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(folder.join("case.toml"))
            .unwrap_or_else(|error| panic!("{name}/case.toml: {error}"));
        let says: Says =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{name}/case.toml: {error}"));
        let error = fs::read_to_string(folder.join("error.txt")).ok();
        assert!(
            error.is_some() == says.requests.is_empty(),
            "{name}: a case has either an error.txt or requests"
        );
        Self { name, folder, error, says }
    }

    /// Whether it is about something that must not be.
    pub fn denies(&self) -> bool {
        let refused = |text: &String| text.contains("refused: ");
        self.error.is_some()
            || self.says.requests.iter().any(|request| {
                request.status >= 400 || request.answer.as_ref().is_some_and(refused)
            })
    }
}
