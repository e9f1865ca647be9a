//! What WASI gives: environment, files, output, sockets.

use crate::answer::Told;
use std::{env, fs, io, net::TcpStream};

/// Runs one of `environment [<name>]`, `arguments`, `read <path>`, `list <path>`, `write <path> <text>`,
/// `print <text>`, `connect <address>` and `trap`.
pub fn run(verb: &str, rest: &str) -> Told {
    match verb {
        "environment" if rest.is_empty() => {
            let mut all: Vec<_> =
                env::vars().map(|(name, value)| format!("{name}={value}")).collect();
            all.sort();
            Ok(all.join("\n"))
        }
        "environment" => Ok(env::var(rest).unwrap_or("absent".to_owned())),
        "arguments" => Ok(env::args().collect::<Vec<_>>().join(" ")),
        "read" => fs::read_to_string(rest).map(|text| text.trim_end().to_owned()).map_err(kind),
        "list" => {
            let entries = fs::read_dir(rest).and_then(|entries| {
                entries
                    .map(|entry| entry.map(|entry| entry.file_name()))
                    .collect::<io::Result<Vec<_>>>()
            });
            let mut names = entries.map_err(kind)?;
            names.sort();
            let names = names.iter().map(|name| name.to_string_lossy());
            Ok(names.collect::<Vec<_>>().join(" "))
        }
        "write" => {
            let (path, text) = rest.split_once(' ').unwrap_or((rest, ""));
            fs::write(path, text).map(|()| "done".to_owned()).map_err(kind)
        }
        "print" => {
            use io::Write;
            writeln!(io::stdout(), "{rest}").map(|()| "done".to_owned()).map_err(kind)
        }
        "connect" => TcpStream::connect(rest).map(|_| "connected".to_owned()).map_err(kind),
        "trap" => panic!("told to"),
        other => Err(format!("unknown command {other}")),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn kind(error: io::Error) -> String {
    format!("{:?}", error.kind())
}
