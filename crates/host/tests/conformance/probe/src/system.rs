//! What WASI gives: environment, files, output, sockets.

use crate::answer::Told;
use std::{
    env, fs,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
};

/// Runs one of `environment [<name>]`, `arguments`, `read <path>`, `list <path>`, `write <path> <text>`,
/// `print <text>`, `tcp <address> <line>`, `udp <address> <text>`, `listen <address>` and `trap`.
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
        "print" => writeln!(io::stdout(), "{rest}").map(|()| "done".to_owned()).map_err(kind),
        "tcp" => {
            let (address, line) = rest.split_once(' ').unwrap_or((rest, ""));
            tcp(address, line).map_err(kind)
        }
        "udp" => {
            let (address, text) = rest.split_once(' ').unwrap_or((rest, ""));
            udp(address, text).map_err(kind)
        }
        "listen" => TcpListener::bind(rest).map(|_| "listening".to_owned()).map_err(kind),
        "trap" => panic!("told to"),
        other => Err(format!("unknown command {other}")),
    }
}

/// The last line of what a server of HTTP answers to a request's first line.
fn tcp(address: &str, line: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "{line}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().last().unwrap_or_default().to_owned())
}

/// What comes back for a datagram.
fn udp(address: &str, text: &str) -> io::Result<String> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.send_to(text.as_bytes(), address)?;
    let mut answer = [0; 64];
    let (length, _) = socket.recv_from(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn kind(error: io::Error) -> String {
    format!("{:?}", error.kind())
}
