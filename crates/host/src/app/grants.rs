//! `allowed_outbound_hosts`: where a component may connect, in Spin's grammar.

use anyhow::{Context, Result, bail};
use ipnet::IpNet;
use std::{net::IpAddr, ops::Range, str::FromStr};
use url::{Host, Url};

/// The destinations that one component may reach.
#[derive(Debug, Clone, Default)]
pub struct Grants(Vec<Grant>);

/// One entry, `scheme://host[:port]`, each part possibly a wildcard.
#[derive(Debug, Clone, PartialEq)]
struct Grant {
    /// `None` is any.
    scheme: Option<String>,
    host: HostGrant,
    port: PortGrant,
}

#[derive(Debug, Clone, PartialEq)]
enum HostGrant {
    Any,
    /// `self`: this application, by a relative request or `self.alt`.
    Own,
    /// `*.example.com`, kept as `.example.com`.
    Below(String),
    Exactly(Host),
    Network(IpNet),
}

#[derive(Debug, Clone, PartialEq)]
enum PortGrant {
    Any,
    /// Spin's `a..b` leaves `b` out.
    Among(Range<u32>),
}

impl Grants {
    /// Parses resolved entries.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        entries
            .into_iter()
            .map(|entry| {
                entry.parse().with_context(|| {
                    format!(
                        "{entry:?} is not an outbound host: write `scheme://host[:port]`, with \
                         `*` for any"
                    )
                })
            })
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Whether the URL's scheme, host and port are granted.
    pub fn allow(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        // `url` parses hosts of schemes it doesn't know (redis) as opaque text: parse again to
        // compare addresses.
        let Ok(host) = Host::parse(&host.to_string()) else { return false };
        let port = url.port().or_else(|| well_known_port(url.scheme()));
        self.0.iter().any(|grant| {
            grant.scheme.as_ref().is_none_or(|scheme| scheme == url.scheme())
                && grant.host.allows(&host)
                && match &grant.port {
                    PortGrant::Any => true,
                    PortGrant::Among(ports) => {
                        port.is_some_and(|port| ports.contains(&port.into()))
                    }
                }
        })
    }

    /// Whether the application may call itself by `http://self.alt`.
    pub fn allow_own(&self) -> bool {
        self.0.iter().any(|grant| {
            grant.scheme.as_ref().is_none_or(|scheme| scheme == "http" || scheme == "https")
                && matches!(grant.host, HostGrant::Any | HostGrant::Own)
        })
    }
}

impl HostGrant {
    fn allows(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Own, _) => false,
            (Self::Below(suffix), Host::Domain(domain)) => domain.ends_with(suffix),
            (Self::Below(_), _) => false,
            (Self::Exactly(granted), host) => granted == host,
            (Self::Network(net), Host::Ipv4(ip)) => net.contains(&IpAddr::V4(*ip)),
            (Self::Network(net), Host::Ipv6(ip)) => net.contains(&IpAddr::V6(*ip)),
            (Self::Network(_), Host::Domain(_)) => false,
        }
    }
}

impl FromStr for Grant {
    type Err = anyhow::Error;

    fn from_str(entry: &str) -> Result<Self> {
        let (scheme, rest) = entry.trim().split_once("://").context("it has no scheme")?;
        if scheme != "*" && (scheme.is_empty() || !scheme.chars().all(char::is_alphabetic)) {
            bail!("the scheme {scheme:?} is neither a word nor `*`");
        }
        // An IPv6 address or a network may hold colons and slashes itself.
        let (host, port) = match rest.rsplit_once(':') {
            Some((_, _)) if HostGrant::from_str(rest).is_ok() => (rest, ""),
            Some((host, port)) => (host, port.strip_suffix('/').unwrap_or(port)),
            None => (rest, ""),
        };
        Ok(Self {
            scheme: (scheme != "*").then(|| scheme.to_owned()),
            host: host.parse()?,
            port: PortGrant::parse(port, scheme)?,
        })
    }
}

impl FromStr for HostGrant {
    type Err = anyhow::Error;

    fn from_str(host: &str) -> Result<Self> {
        let host = host.trim();
        match host {
            "*" => return Ok(Self::Any),
            "self" | "self.alt" => return Ok(Self::Own),
            _ => {}
        }
        if let Ok(network) = host.parse() {
            return Ok(Self::Network(network));
        }
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.contains('/') {
            bail!("it has a path");
        }
        if let Some(domain) = host.strip_prefix("*.") {
            return match Host::parse(domain)? {
                Host::Domain(domain) if !domain.contains('*') => {
                    Ok(Self::Below(format!(".{domain}")))
                }
                _ => bail!("after `*.` comes a domain"),
            };
        }
        if host.contains('*') {
            bail!("`*` stands alone or for a subdomain, `*.example.com`");
        }
        Ok(Self::Exactly(Host::parse(host).with_context(|| format!("{host:?} is not a host"))?))
    }
}

impl PortGrant {
    fn parse(port: &str, scheme: &str) -> Result<Self> {
        let number = |text: &str| {
            text.parse::<u16>().map(u32::from).with_context(|| format!("{text:?} is not a port"))
        };
        Ok(match port {
            "*" => Self::Any,
            "" => {
                let port = well_known_port(scheme).with_context(|| {
                    format!("{scheme:?} has no port of its own, so the entry must name one")
                })?;
                Self::Among(port.into()..u32::from(port) + 1)
            }
            _ => match port.split_once("..") {
                Some((first, end)) => Self::Among(number(first)?..number(end)?),
                None => Self::Among(number(port)?..number(port)? + 1),
            },
        })
    }
}

fn well_known_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" => 443,
        "redis" => 6379,
        "postgres" => 5432,
        "mysql" => 3306,
        "mqtt" => 1883,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(grant: &str, url: &str) -> bool {
        Grants::parse([grant]).unwrap().allow(&url.parse().unwrap())
    }

    #[test]
    fn what_a_grant_lets_through() {
        for (grant, url, expected) in [
            ("http://example.com", "http://example.com/path", true),
            ("http://example.com", "https://example.com", false),
            ("http://example.com", "http://example.com:8080", false),
            ("https://example.com", "https://example.com:443", true),
            ("*://example.com:*", "http://example.com:8080", true),
            ("http://*.example.com", "http://a.example.com", true),
            ("http://*.example.com", "http://example.com", false),
            ("http://*.example.com", "http://badexample.com", false),
            ("http://localhost:8000..8080", "http://localhost:8079", true),
            ("http://localhost:8000..8080", "http://localhost:8080", false),
            ("redis://127.0.0.1:6380", "redis://me:pw@127.0.0.1:6380", true),
            ("redis://127.0.0.1", "redis://127.0.0.1:6379", true),
            ("redis://127.0.0.1", "redis://127.0.0.1:6380", false),
            ("redis://localhost:6380/", "redis://localhost:6380", true),
            ("*://10.0.0.0/8:*", "redis://10.1.2.3:1", true),
            ("*://10.0.0.0/8:*", "redis://11.1.2.3:1", false),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("http://self", "http://127.0.0.1", false),
        ] {
            assert_eq!(allows(grant, url), expected, "{grant} {url}");
        }
    }

    #[test]
    fn itself_is_granted_by_its_name() {
        assert!(!Grants::parse([]).unwrap().allow_own());
        assert!(!Grants::parse(["http://example.com"]).unwrap().allow_own());
        assert!(Grants::parse(["http://self"]).unwrap().allow_own());
    }

    #[test]
    fn bad_entries_are_named() {
        for bad in [
            "",
            "http://",
            "*",
            "example.com",
            "http://a/b",
            "foo://a",
            "http://a:x",
            "http://a*b",
            "h1://a:1",
        ] {
            let error = format!("{:#}", Grants::parse([bad]).unwrap_err());
            assert!(error.contains(&format!("{bad:?} is not an outbound host")), "{error}");
        }
    }
}
