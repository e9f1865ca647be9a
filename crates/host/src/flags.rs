//! Flags of `spin up` that this host has not, and what to do instead.

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// By their long names: what to do instead, as the end of a sentence.
const MENDS: [(&str, &str); 21] = [
    ("--profile", "a component's `source` is what runs"),
    ("--insecure", "the manifest is a file: name it with --from"),
    ("--temp", "files are laid out in the state folder: choose it with --state-dir"),
    ("--cache-dir", "what is compiled is kept in the state folder: choose it with --state-dir"),
    ("--build", "build the components first"),
    ("--log-dir", "output is kept in `logs` of the state folder: choose it with --state-dir"),
    ("--truncate-logs", "remove the files in `logs` of the state folder"),
    ("--disable-cache", "remove `cache` in the state folder"),
    ("--cache", "what is compiled is kept in the state folder: choose it with --state-dir"),
    ("--disable-pooling", "instances are always pooled"),
    ("--debug-info", "run the component with `spin up` to look into it with a debugger"),
    ("--follow", "read the component's file in `logs` of the state folder"),
    ("--allow-transient-write", "files are read-only: keep what changes in a store"),
    ("--experimental-wasi-otel", "build the component without wasi:otel"),
    ("--max-instance-memory", "write --memory-limit, in MiB"),
    ("--find-free-port", "write --listen 127.0.0.1:0"),
    ("--format", "what is printed at the start follows --log-format"),
    ("--http1-max-buf-size", "remove it"),
    ("--max-instance-reuse-count", "each request has an instance of its own"),
    ("--max-instance-concurrent-reuse-count", "each request has an instance of its own"),
    ("--idle-instance-timeout", "each request has an instance of its own"),
];

/// What to say of a command line that was not understood, if it has a flag that only Spin has.
pub fn only_in_spin(error: &Error) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let (name, mend) = MENDS.iter().find(|(name, _)| name == flag)?;
    Some(format!("{name} is a flag of `spin up` that is not supported: {mend}"))
}
