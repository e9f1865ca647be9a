//! Redis users: one per component, that may touch its own keys only; one that listens; one for the
//! host itself.

use super::state_dir::write_private;
use crate::app::{manifest::Manifest, plan::Plan};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

/// The user that may do everything.
pub const ADMIN: &str = "madang-admin";
/// The user that listens to channels.
pub const TRIGGER: &str = "madang-trigger";

/// What a component's user may call: reading and writing values, hashes, sorted sets and streams by
/// key, scripts, and publishing. Nothing that sees other keys or the server.
const COMPONENT_COMMANDS: &str = "+eval +evalsha +script|load +get +set +del +exists +incr +incrby \
    +hset +hget +hmget +hdel +hgetall +hlen +hexists +hincrby \
    +zadd +zrem +zcard +zscore +zrange +zrangebyscore +zrangebylex +zrevrangebylex +zlexcount \
    +xadd +xrange +xrevrange +xinfo|stream +xlen +xtrim +xdel \
    +publish +time +expire +pexpire +pttl +ttl";

/// What every connection needs. No `client|setinfo`: Redis before 7.2 refuses an ACL that names it,
/// and clients go on without it.
const CONNECTION_COMMANDS: &str = "+ping +hello +auth +client|setname";

/// The users' passwords, kept in the state folder.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Logins(BTreeMap<String, String>);

impl Logins {
    /// Reads the passwords, and makes those that are missing. Refuses component ids that are users
    /// of the host.
    pub fn read(manifest: &Manifest, state_dir: &Path) -> Result<Self> {
        let path = state_dir.join("redis-logins.json");
        let mut logins: Self = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| {
                format!("{} is not in order: remove it, it will be made again", path.display())
            })?,
            Err(_) => Self::default(),
        };
        let before = logins.0.len();
        for user in [ADMIN, TRIGGER].into_iter().chain(users(manifest)) {
            logins.0.entry(user.to_owned()).or_insert_with(|| hex(&rand::random::<[u8; 24]>()));
        }
        for id in users(manifest) {
            ensure!(
                ![ADMIN, TRIGGER, "default"].contains(&id),
                "[component.{id}]: `{id}` is a Redis user of the host's"
            );
        }
        if logins.0.len() != before {
            fs::create_dir_all(state_dir)
                .with_context(|| format!("cannot make {}", state_dir.display()))?;
            write_private(&path, &serde_json::to_vec_pretty(&logins)?)?;
        }
        Ok(logins)
    }

    /// `user:password@`, for a URL.
    pub fn login(&self, user: &str) -> Option<String> {
        self.0.get(user).map(|password| format!("{user}:{password}@"))
    }

    /// The ACL lines of the listener and of every component, as an ACL file has them. Passwords
    /// only as digests.
    pub fn users(&self, plan: &Plan) -> String {
        let mut text = String::new();
        let mut user = |name: &str, rules: &str| {
            if let Some(password) = self.0.get(name) {
                let digest = hex(&Sha256::digest(password));
                let _ = writeln!(
                    text,
                    "user {name} on #{digest} resetkeys resetchannels -@all {rules}"
                );
            }
        };
        let channels: BTreeSet<_> = plan
            .subscriptions
            .iter()
            .map(|subscription| format!("&{}", subscription.channel))
            .collect();
        let channels: Vec<_> = channels.into_iter().collect();
        user(
            TRIGGER,
            &format!("{} +subscribe +unsubscribe {CONNECTION_COMMANDS}", channels.join(" ")),
        );
        for (id, component) in &plan.components {
            let keys = component.redis_keys.iter().map(|key| format!("~{key}"));
            let reads = component.redis_reads.iter().map(|key| format!("%R~{key}"));
            let channels = component.redis_channels.iter().map(|channel| format!("&{channel}"));
            let patterns: Vec<_> = keys.chain(reads).chain(channels).collect();
            if !patterns.is_empty() {
                user(
                    id,
                    &format!("{} {COMPONENT_COMMANDS} {CONNECTION_COMMANDS}", patterns.join(" ")),
                );
            }
        }
        text
    }

    /// The ACL file of the host's own Redis: nobody gets in without a name.
    ///
    /// The nameless user is off and has no password, and yet may do everything: when Redis 7 reads
    /// its log at start, it checks what a transaction (a script's effects are one) may do by that
    /// user's rules, and drops what it may not. With fewer rights all data would be lost.
    pub fn file(&self, plan: &Plan) -> String {
        let admin = hex(&Sha256::digest(self.0.get(ADMIN).map(String::as_str).unwrap_or_default()));
        format!(
            "user default off resetpass ~* &* +@all\nuser {ADMIN} on #{admin} ~* &* +@all\n{}",
            self.users(plan)
        )
    }
}

/// The components that have a Redis user.
pub fn users(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest
        .components
        .iter()
        .filter(|(_, component)| {
            let settings = component.settings();
            let patterns = [&settings.redis_keys, &settings.redis_reads, &settings.redis_channels];
            patterns.into_iter().any(|patterns| !patterns.is_empty())
        })
        .map(|(id, _)| id.as_str())
}

/// The variable that carries a component's login.
pub fn variable(id: &str) -> String {
    format!("{}_redis_login", id.replace('-', "_").to_ascii_lowercase())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{
        plan::{Limits, Places},
        runtime_config::RuntimeConfig,
    };

    const MANIFEST: &str = r#"
spin_manifest_version = 2
application.name = "a"
[[trigger.redis]]
channel = "shop"
address = "redis://h"
component = "shop-cart"
[component.shop-cart]
source = "a.wasm"
tool.madang = { redis_keys = ["{shop}:cart:*"], redis_channels = ["shop"] }
[component.shop-view]
source = "a.wasm"
[component.shop-pages]
source = "a.wasm"
tool.madang.redis_reads = ["{shop}:log"]
"#;

    #[test]
    fn users_get_their_own_and_no_more() {
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let places = Places {
            base: Path::new("/"),
            state: folder.path(),
            listen: "127.0.0.1:1".parse().unwrap(),
        };
        let limits = Limits::default();
        let plan = Plan::new(
            &manifest,
            &RuntimeConfig::default(),
            &BTreeMap::new(),
            &places,
            true,
            limits,
        )
        .unwrap();
        let logins = Logins::read(&manifest, folder.path()).unwrap();
        let text = logins.file(&plan);
        let line = |user: &str| {
            text.lines()
                .find(|line| line.starts_with(&format!("user {user} ")))
                .unwrap_or_else(|| panic!("{user}: {text}"))
        };
        assert_eq!(line("default"), "user default off resetpass ~* &* +@all");
        assert!(line(ADMIN).ends_with("~* &* +@all"));
        let cart = line("shop-cart");
        assert!(
            cart.contains(" resetkeys resetchannels -@all ~{shop}:cart:* &shop +eval +evalsha "),
            "{cart}"
        );
        for forbidden in ["+keys", "+scan", "+config", "+flushall", "+@", "+subscribe", "~*"] {
            assert!(!cart.contains(forbidden), "{forbidden}: {cart}");
        }
        let pages = line("shop-pages");
        assert!(pages.contains(" -@all %R~{shop}:log +eval "), "{pages}");
        assert!(!pages.contains(" ~") && !pages.contains('&'), "{pages}");
        let trigger = line(TRIGGER);
        assert!(trigger.contains("-@all &shop +subscribe"), "{trigger}");
        assert!(!trigger.contains('~') && !trigger.contains("+publish"), "{trigger}");
        assert!(!text.contains("shop-view"), "{text}");
        // The passwords stay, and stay out of the text.
        let login = logins.login("shop-cart").unwrap();
        assert_eq!(
            Logins::read(&manifest, folder.path()).unwrap().login("shop-cart").unwrap(),
            login
        );
        let password = login.trim_start_matches("shop-cart:").trim_end_matches('@');
        assert!(!text.contains(password));
        assert_eq!(variable("shop-cart"), "shop_cart_redis_login");
    }
}
