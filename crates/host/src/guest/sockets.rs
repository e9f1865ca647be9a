//! `wasi:sockets`: where a component may connect, by the grants that hold for everything else, under
//! the schemes `tcp` and `udp`, as in Spin. Nobody may listen.

use super::state::Guest;
use std::net::SocketAddr;
use wasmtime_wasi::sockets::SocketAddrUse;

/// Whether `guest` may use an address; if it may not, its log tells the mend.
pub fn allows(guest: &Guest, address: SocketAddr, usage: SocketAddrUse) -> bool {
    let scheme = match usage {
        // Where a connection comes from, chosen by the system as it is made.
        SocketAddrUse::TcpBind => return address.ip().is_unspecified() && address.port() == 0,
        SocketAddrUse::TcpListen | SocketAddrUse::TcpAccept => return false,
        SocketAddrUse::TcpConnect => "tcp",
        SocketAddrUse::UdpBind | SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => "udp",
    };
    let Ok(url) = format!("{scheme}://{address}").parse() else { return false };
    let is_granted = guest.grants.allow(&url);
    if !is_granted {
        guest.denied(&url);
    }
    is_granted
}
