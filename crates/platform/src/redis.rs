//! Redis as the platform uses it: commands, and scripts by name.

use crate::env::Env;
use crate::error::Error;

/// A Lua script that Redis knows by its SHA-1.
pub(crate) struct Script {
    sha: &'static str,
    text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/scripts.rs"));

/// One value of an answer; nested arrays arrive flattened, as Spin hands them over.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Nothing there.
    Nil,
    /// An integer.
    Int(i64),
    /// A string or a status.
    Bytes(Vec<u8>),
}

impl Reply {
    /// As text; `None` for nothing and for bytes that are no UTF-8.
    pub fn text(self) -> Option<String> {
        match self {
            Reply::Nil => None,
            Reply::Int(number) => Some(number.to_string()),
            Reply::Bytes(bytes) => String::from_utf8(bytes).ok(),
        }
    }

    /// As a number; `None` where it is none.
    pub fn number(&self) -> Option<u64> {
        match self {
            Reply::Nil => None,
            Reply::Int(number) => u64::try_from(*number).ok(),
            Reply::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        }
    }
}

/// The class of an error that Redis or the way to it reports.
///
/// What Redis refuses as wrong (a grant, a type, a script) is a fault; the rest (no connection, still
/// loading, out of memory, read-only, …) passes by itself.
pub fn classify(message: String) -> Error {
    let faults = ["NOPERM", "WRONGTYPE", "WRONGPASS", "NOAUTH", "RESPONSEERROR"];
    if faults.iter().any(|fault| says(&message, fault)) {
        Error::Fault(message)
    } else {
        Error::Unavailable(message)
    }
}

/// Whether an error is of this kind: every Spin words Redis's own code a little differently
/// (`NOSCRIPT`, `NoScriptError`, `NoScript`).
fn says(message: &str, kind: &str) -> bool {
    message.to_ascii_uppercase().contains(kind)
}

impl Env<'_> {
    /// Runs a command.
    ///
    /// # Errors
    /// As [`classify`] says.
    pub fn redis<W: AsRef<[u8]>>(&self, command: &str, words: &[W]) -> Result<Vec<Reply>, Error> {
        let words = words.iter().map(|word| word.as_ref().to_vec()).collect();
        self.host.redis(command, words).map_err(classify)
    }

    /// Runs a script on declared keys.
    pub(crate) fn script(
        &self,
        script: &Script,
        keys: &[String],
        arguments: Vec<Vec<u8>>,
    ) -> Result<Vec<Reply>, Error> {
        let words = |first: &str| {
            let mut words = Vec::with_capacity(2 + keys.len() + arguments.len());
            words.push(first.as_bytes().to_vec());
            words.push(keys.len().to_string().into_bytes());
            words.extend(keys.iter().map(|key| key.clone().into_bytes()));
            words.extend(arguments.iter().cloned());
            words
        };
        match self.host.redis("EVALSHA", words(script.sha)) {
            // Redis's word for it, and that of the client library within Spin.
            Err(message) if says(&message, "NOSCRIPT") => {
                self.host.redis("EVAL", words(script.text)).map_err(classify)
            }
            other => other.map_err(classify),
        }
    }
}

/// Words of a script's arguments.
pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<Vec<u8>> {
    words.into_iter().map(|word| word.as_bytes().to_vec()).collect()
}
