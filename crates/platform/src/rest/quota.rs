//! A limit of requests for each client address and collection, off unless the variable `rate_limit` sets
//! it, with the headers of the IETF draft "RateLimit header fields for HTTP".
//!
//! Counted in fixed windows in the key-value store, so for each host by itself; where the store fails,
//! nobody is limited.

use crate::env::Env;
use crate::http::{Request, Response};
use crate::index::fnv1a;
use crate::problem::Problem;

/// Counts that are kept at most. In a window with more clients than this the oldest are forgotten.
const KEPT: i64 = 16_384;

/// What a client has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    collection: &'static str,
    limit: i64,
    window: i64,
    used: i64,
    /// Seconds until the window ends.
    reset: i64,
}

impl Quota {
    /// Counts a request. None: nothing is limited.
    pub(crate) fn count(env: &Env, request: &Request, collection: &'static str) -> Option<Self> {
        let limit = env.figure("rate_limit", 0);
        if limit == 0 {
            return None;
        }
        let window = env.figure("rate_limit_window_s", 60).max(1);
        let now = env.now_ms() / 1000;
        let trusted = env.number("trusted_proxies", 0);
        let client = client(request, usize::try_from(trusted).unwrap_or(usize::MAX));
        let used = count(env, &format!("{collection} {client} {}", now / window))
            .inspect_err(|error| eprintln!("the rate limit does not work: {error}"))
            .ok()?;
        Some(Quota { collection, limit, window, used, reset: window - now % window })
    }

    /// Whether this request is one too many.
    pub(crate) fn refusal(self) -> Option<Problem> {
        (self.used > self.limit).then(|| {
            let Quota { limit, window, reset, .. } = self;
            Problem::new(
                429,
                format!("more than {limit} requests in {window} s: try again in {reset} s"),
            )
        })
    }

    /// The answer with what a client needs to stay within the limit.
    pub(crate) fn tell(self, response: Response) -> Response {
        let Quota { collection, limit, window, used, reset } = self;
        let left = (limit - used).max(0);
        let response = response
            .with("ratelimit-policy", format!("\"{collection}\";q={limit};w={window}"))
            .with("ratelimit", format!("\"{collection}\";r={left};t={reset}"));
        match response.status {
            429 => response.with("retry-after", reset.to_string()),
            _ => response,
        }
    }
}

/// One more of `what`. The count stands under a number, so that a ring of numbers can say which counts
/// there are, and the oldest makes room for the newest.
fn count(env: &Env, what: &str) -> Result<i64, String> {
    let name = |name: &str| env.key(&format!("rate:{name}"));
    let number = i64::try_from(fnv1a(what.as_bytes()) >> 2).unwrap_or(0);
    let used = env.host.count(&name(&number.to_string()), 1)?;
    if used == 1 {
        let slot = name(&format!("slot:{}", env.host.count(&name("slots"), 1)? % KEPT));
        let oldest = env.host.counted(&slot)?;
        if oldest != 0 {
            env.host.forget(&name(&oldest.to_string()))?;
        }
        env.host.count(&slot, number - oldest)?;
    }
    Ok(used)
}

/// The client's address: of an IPv6 address the network, since a client has all of it. Behind proxies
/// that are trusted, the address that the outermost of them saw.
fn client(request: &Request, trusted_proxies: usize) -> String {
    let forwarded = request.header("x-forwarded-for").unwrap_or_default();
    let seen = request.header("spin-client-addr").map(without_port).unwrap_or_default();
    let hops: Vec<&str> =
        forwarded.split(',').map(str::trim).filter(|hop| !hop.is_empty()).chain([seen]).collect();
    let client = hops[hops.len().saturating_sub(trusted_proxies.saturating_add(1))];
    network(client)
}

/// The first half of an IPv6 address, other text as it is. `std::net` could say it as well, in 4 KB of
/// every component; the host writes addresses in one form only.
fn network(address: &str) -> String {
    if !address.contains(':') || address.contains('.') {
        return address.to_owned();
    }
    let (head, tail) = address.split_once("::").unwrap_or((address, ""));
    let groups = |text: &'_ str| text.split(':').filter(|group| !group.is_empty()).count();
    let zeros = 8_usize.saturating_sub(groups(head) + groups(tail));
    let all = head.split(':').chain(std::iter::repeat_n("0", zeros)).chain(tail.split(':'));
    all.filter(|group| !group.is_empty()).take(4).collect::<Vec<_>>().join(":")
}

fn without_port(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(address: &str, forwarded: &str, trusted: usize) -> String {
        let headers = [("spin-client-addr", address), ("x-forwarded-for", forwarded)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        client(&Request { headers: headers.into(), ..Request::default() }, trusted)
    }

    #[test]
    fn a_client_is_its_address_without_the_port() {
        assert_eq!(seen("10.0.0.7:4711", "", 0), "10.0.0.7");
        assert_eq!(seen("[2001:db8:1:2:3:4:5:6]:4711", "", 0), "2001:db8:1:2");
        assert_eq!(seen("[2001:db8::1]:4711", "", 0), "2001:db8:0:0");
        assert_eq!(seen("[2001:db8::2:3:4:5:6]:4711", "", 0), "2001:db8:0:2");
        assert_eq!(seen("[::1]:4711", "", 0), "0:0:0:0");
        assert_eq!(seen("[::ffff:10.0.0.7]:4711", "", 0), "::ffff:10.0.0.7");
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_believed() {
        let forwarded = "1.1.1.1, 2.2.2.2";
        assert_eq!(seen("10.0.0.7:4711", forwarded, 0), "10.0.0.7");
        assert_eq!(seen("10.0.0.7:4711", forwarded, 1), "2.2.2.2");
        assert_eq!(seen("10.0.0.7:4711", forwarded, 2), "1.1.1.1");
        assert_eq!(seen("10.0.0.7:4711", forwarded, 9), "1.1.1.1");
    }
}
