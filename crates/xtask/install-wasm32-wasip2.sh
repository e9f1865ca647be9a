#!/usr/bin/env bash
# Makes the standard library of wasm32-wasip2 available to cargo, whatever this machine can reach.
#
# 1. `rustup target add`, for the toolchain named by $1.
# 2. Where Rust's release server cannot be reached, but Debian's packages and crates.io can: a
#    rustup toolchain named `debian-wasm`. It is Debian's rustc, with the standard library built
#    once from Debian's source package of that rustc, and Debian's wasi-libc.
#
# Run by `cargo xtask setup` when the target is missing; it can be run by hand, and again.
set -euo pipefail

target=wasm32-wasip2
toolchain=${1:-stable}

fail() {
  echo "error: $*" >&2
  exit 1
}

if timeout 90 rustup target add "$target" --toolchain "$toolchain"; then
  exit
fi

echo "rustup cannot fetch $target here: building it from Debian's packages, once, in about a minute"
command -v apt-get >/dev/null ||
  fail "neither Rust's release server nor apt-get can be used: install the Rust target $target by hand"
if [ "$(id -u)" = 0 ]; then
  root=()
elif sudo -n true 2>/dev/null; then
  root=(sudo -n)
else
  fail "installing packages needs root: run \`sudo $0\`, or install the Rust target $target by hand"
fi
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Debian 13 has wasi-libc for wasip2, older ones do not. Its files are static and the same on every
# architecture, so the package is unpacked rather than installed.
mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' \
  /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | tr -d ' ' | sort -u | head -n 1) || true
[ -n "$mirror" ] || fail "no Debian mirror in /etc/apt to take wasi-libc from"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ -e "$keyring" ]; then signed="[signed-by=$keyring]"; else signed=; fi
echo "deb $signed $mirror trixie main" >"$work/trixie.list"
apt=(apt-get -o "Dir::Etc::sourcelist=$work/trixie.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache")
if [ "$(id -u)" = 0 ]; then apt+=(-o APT::Sandbox::User=root); fi
"${apt[@]}" update -qq
(cd "$work" && "${apt[@]}" download -qq wasi-libc && dpkg -x wasi-libc_*.deb wasi-libc)

# Bitcode is kept in the library, so that components can have link-time optimisation.
mkdir -p "$work/sysroot/src"
cat >"$work/sysroot/Cargo.toml" <<'TOML'
[package]
name = "sysroot"
version = "0.0.0"
edition = "2021"
TOML
: >"$work/sysroot/src/lib.rs"
(cd "$work/sysroot" &&
  RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTFLAGS=-Cembed-bitcode=yes CARGO_PROFILE_RELEASE_DEBUG=0 \
    /usr/bin/cargo build --quiet --release --target "$target" \
    -Zbuild-std=std,panic_abort,panic_unwind)

sysroot=$(/usr/bin/rustc --print sysroot)
library=$sysroot/lib/rustlib/$target/lib
"${root[@]}" mkdir -p "$library/self-contained"
rm -f "$work/sysroot/target/$target/release/deps/"libsysroot-*
"${root[@]}" cp "$work/sysroot/target/$target/release/deps/"lib*.r{lib,meta} "$library/"
"${root[@]}" cp "$work/wasi-libc/usr/lib/$target/"{crt1-command.o,crt1-reactor.o,libc.a} \
  "$library/self-contained/"

# The linkers are part of every toolchain that rustup installs, but not of Debian's.
host=$(rustc "+$toolchain" -vV | sed -n 's/^host: //p')
linkers=$(rustc "+$toolchain" --print sysroot)/lib/rustlib/$host/bin
"${root[@]}" mkdir -p "$sysroot/lib/rustlib/$host/bin"
for linker in rust-lld wasm-component-ld gcc-ld; do
  "${root[@]}" ln -sfn "$linkers/$linker" "$sysroot/lib/rustlib/$host/bin/$linker"
done

rustup toolchain link debian-wasm /usr
