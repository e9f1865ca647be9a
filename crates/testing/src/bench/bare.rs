//! The bare server: hyper answering from memory, a thread for each core on one port. What any host of
//! HTTP in Rust costs at the least.

use crate::child::wait_for_end;
use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, net::SocketAddr, sync::mpsc, thread};
use tokio::{net::TcpSocket, task::LocalSet};

/// Serves on a free port, which it prints, until standard input ends.
pub fn serve() -> Result<()> {
    // Bound only, so that the port stays ours until the threads listen there.
    let place = bind("127.0.0.1:0".parse()?)?;
    let address = place.local_addr()?;
    for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
        let (listening, is_listening) = mpsc::channel();
        thread::spawn(move || run(address, &listening));
        is_listening.recv().context("a thread of the bare server cannot listen")?;
    }
    println!("{address}");
    wait_for_end();
    Ok(())
}

fn bind(address: SocketAddr) -> Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn run(address: SocketAddr, listening: &mpsc::Sender<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(LocalSet::new().run_until(async {
        let listener = bind(address)?.listen(1024)?;
        listening.send(())?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let hello = service_fn(async |_| {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), hello);
            tokio::task::spawn_local(connection);
        }
    }))
}
