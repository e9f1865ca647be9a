//! A server that no application of a case is.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread,
};

/// Answers every request with its first line, and every datagram with itself. It ends with the test's process.
pub struct Neighbour(SocketAddr);

impl Neighbour {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that goes away is its own affair.
                let _ = stream.and_then(|stream| answer(&stream));
            }
        });
        let datagrams = UdpSocket::bind(address).unwrap();
        thread::spawn(move || {
            let mut text = [0; 64];
            while let Ok((length, client)) = datagrams.recv_from(&mut text) {
                let _ = datagrams.send_to(&text[..length], client);
            }
        });
        Self(address)
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        self.0.to_string()
    }
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let Some(first) = lines.next().transpose()? else { return Ok(()) };
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let length = first.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{first}"
    )
}
