//! A Redis server that the user gave.

use super::ping;
use crate::supervisor::acl::{Logins, TRIGGER};
use anyhow::{Context, Result, ensure};
use url::Url;

/// A Redis server that the user gave.
#[derive(Debug, Clone)]
pub struct Given {
    /// `host:port`.
    pub address: String,
    /// `user:password@`, or empty.
    pub login: String,
    /// The URL as given.
    pub url: String,
}

impl Given {
    /// Takes a URL apart. Only the server may be chosen: a log lives in database 0.
    pub fn parse(url: &str) -> Result<Self> {
        let shown = crate::app::plan::without_password(url);
        let parsed = Url::parse(url)
            .ok()
            .filter(|url| url.scheme() == "redis" && url.has_host())
            .with_context(|| {
            format!("{shown} is no Redis server: write redis://[user:password@]host[:port]")
        })?;
        ensure!(
            matches!(parsed.path(), "" | "/" | "/0") && parsed.query().is_none(),
            "{shown}: only database 0 is supported, leave `{}` out",
            parsed.path()
        );
        let login = match (parsed.username(), parsed.password()) {
            ("", None) => String::new(),
            (user, None) => format!("{user}@"),
            (user, Some(password)) => format!("{user}:{password}@"),
        };
        let host = parsed.host_str().unwrap_or_default();
        Ok(Self {
            address: format!("{host}:{}", parsed.port().unwrap_or(6379)),
            login,
            url: url.to_owned(),
        })
    }

    /// Whether the server knows all of the application's users. `None` if it does not answer.
    pub async fn knows(&self, users: &[&str], logins: &Logins) -> Option<bool> {
        for user in users.iter().chain([&TRIGGER]) {
            let url = format!("redis://{}{}", logins.login(user).unwrap_or_default(), self.address);
            match ping(&url).await {
                Ok(()) => {}
                Err(error)
                    if error.code().is_some()
                        || error.kind() == redis::ErrorKind::AuthenticationFailed =>
                {
                    return Some(false);
                }
                Err(_) => return None,
            }
        }
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_redis_is_a_server_and_no_more() {
        let given = Given::parse("redis://me:p%40w@example.org").unwrap();
        assert_eq!(
            (given.address.as_str(), given.login.as_str()),
            ("example.org:6379", "me:p%40w@")
        );
        assert_eq!(Given::parse("redis://h:1/0").unwrap().login, "");
        assert_eq!(Given::parse("redis://:pw@h:1").unwrap().login, ":pw@");
        for (url, expected) in [
            ("redis://me:secret@h:1/3", "redis://…@h:1/3: only database 0 is supported"),
            ("http://h", "is no Redis server"),
            ("h:1", "is no Redis server"),
        ] {
            let error = Given::parse(url).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
