//! The listening sockets: one queue per worker on the same port. The supervisor keeps them open, so
//! that a worker that is replaced loses no connection that waits in its queue.

use anyhow::{Context, Result};
use socket2::{Domain, Protocol, Socket, Type};
use std::{io, net::SocketAddr, os::fd::OwnedFd};

/// Connections that wait in each queue before the kernel turns more away.
pub const BACKLOG: i32 = 1024;

/// Opens `count` queues on `address` and tells the address with its port. Port 0 is any free one.
pub fn listen(address: SocketAddr, count: usize) -> Result<(SocketAddr, Vec<OwnedFd>)> {
    let open = |address: SocketAddr, shared: bool| -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(shared)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        Ok(socket)
    };
    // A shared port can be shared with strangers of the same user: ask once without sharing who has
    // it.
    let first = open(address, false).and_then(|socket| {
        socket.listen(1)?;
        socket.local_addr()
    });
    let found = first.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "the address {address} is already in use: stop who uses it, or choose another with \
             --listen"
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    })?;
    let address = found.as_socket().unwrap_or(address);
    let sockets = (0..count)
        .map(|_| {
            let socket = open(address, true)?;
            socket.listen(BACKLOG)?;
            Ok(socket.into())
        })
        .collect::<io::Result<_>>()
        .with_context(|| format!("cannot listen on {address}"))?;
    Ok((address, sockets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_share_a_port_that_others_cannot_have() {
        let (address, sockets) = listen("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        assert_eq!(sockets.len(), 3);
        assert_ne!(address.port(), 0);
        let error = listen(address, 1).unwrap_err().to_string();
        assert!(
            error.contains(&format!("{address} is already in use: ")) && error.contains("--listen"),
            "{error}"
        );
    }
}
