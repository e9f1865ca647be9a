//! The bounds that the command line sets: flags of `madang up`, and part of the plan.

use clap::{Args, Parser, value_parser};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest time that a flag may name: nobody waits for more than a year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Bounds that the command line sets.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize, Deserialize)]
pub struct Limits {
    /// How long an instance may take: seconds, or with a unit: `500ms`, `30s`, `2m`.
    // In milliseconds.
    #[arg(long = "request-timeout", value_name = "TIME", default_value = "30s", value_parser = milliseconds)]
    pub request_timeout_ms: u64,
    /// How much memory an instance may have, in MiB.
    // In bytes.
    #[arg(long = "memory-limit", value_name = "MIB", default_value = "64", value_parser = memory)]
    pub memory: usize,
    /// Connections that each worker has open; more are answered 503 and closed.
    #[arg(long, value_name = "COUNT", default_value = "4096", value_parser = count)]
    pub max_connections: usize,
    /// Connections that each worker has open with one client address; of IPv6, with one /64.
    #[arg(long, value_name = "COUNT", default_value = "1024", value_parser = count)]
    pub max_connections_per_client: usize,
    /// Requests at once on one HTTP/2 connection.
    #[arg(long, value_name = "COUNT", default_value = "100", value_parser = value_parser!(u32).range(1..))]
    pub max_streams: u32,
    /// How large a request's head may be, in KiB; a larger one is answered 431.
    #[arg(long, value_name = "KIB", default_value = "64", value_parser = value_parser!(u32).range(8..=1024))]
    pub max_head: u32,
    /// How many headers a request may have; one with more is answered 431.
    #[arg(long, value_name = "COUNT", default_value = "100", value_parser = count)]
    pub max_headers: usize,
    /// How large a request's body may be, in MiB; a larger one is answered 413.
    // In bytes.
    #[arg(long, value_name = "MIB", default_value = "64", value_parser = mebibytes)]
    pub max_request_body: u64,
    /// How large an answer's body may be, in MiB; one that says it is larger is answered 500, one that
    /// becomes so is cut off.
    // In bytes.
    #[arg(long, value_name = "MIB", default_value = "1024", value_parser = mebibytes)]
    pub max_response_body: u64,
    /// How long a client may take for a request's head, from its first byte; then it is answered 408.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub head_timeout: Duration,
    /// How long a client may be silent before and between requests; then its connection is closed.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub idle_timeout: Duration,
    /// How long a client may pause within a request's body; then it is answered 408.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub body_timeout: Duration,
    /// How long a client may take for each 16 KiB of its answers; then its connection is cut off.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub send_timeout: Duration,
}

/// What holds where no flag says otherwise.
impl Default for Limits {
    fn default() -> Self {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            limits: Limits,
        }
        Flags::parse_from([""]).limits
    }
}

/// Reads a time: seconds, or with a unit.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} is no time: write `30s`"))?;
    let time = match &text[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "" | "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        unit => return Err(format!("{unit:?} is no unit: ms, s and m are")),
    };
    Ok(time.min(LONGEST))
}

fn milliseconds(text: &str) -> Result<u64, String> {
    Ok(u64::try_from(duration(text)?.as_millis()).unwrap_or(u64::MAX))
}

fn mebibytes(text: &str) -> Result<u64, String> {
    match text.parse::<u32>() {
        Ok(number @ 1..) => Ok(u64::from(number) << 20),
        _ => Err(format!("{text:?} is no number of MiB from 1 up")),
    }
}

fn memory(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(number @ 1..=4096) => Ok(number << 20),
        _ => Err(format!("{text:?} is no number of MiB from 1 to 4096")),
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err(format!("{text:?} is no whole number from 1 up")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_have_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration(&format!("{}m", u64::MAX)), Ok(LONGEST));
        assert!(duration("3x").is_err() && duration("s").is_err());
    }

    #[test]
    fn sizes_are_bytes_inside() {
        let limits = Limits::default();
        assert_eq!((limits.memory, limits.max_request_body), (64 << 20, 64 << 20));
        assert_eq!(limits.request_timeout_ms, 30_000);
        for text in ["0", "-1", "4097", "x"] {
            assert!(memory(text).is_err(), "{text}");
        }
        assert!(mebibytes("0").is_err() && count("0").is_err());
    }
}
