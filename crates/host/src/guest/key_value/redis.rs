//! A store in Redis: its keys are the server's own, as in Spin, whose components find them unchanged.

use super::{Pairs, Seen};
use crate::guest::{
    redis::text,
    redis_pool::{Link, OpenError, Pool},
};
use redis::{Cmd, FromRedisValue, Value};
use std::collections::BTreeSet;

/// Sets a key if its value is the one that was seen, or if it is not there and nothing was seen.
/// Spin's WATCH needs a connection of its own, and tells a lost swap as one that was won.
const SWAP: &str = "local now = redis.call('GET', KEYS[1]) \
                    if now ~= (ARGV[2] or false) then return 0 end \
                    redis.call('SET', KEYS[1], ARGV[1]) return 1";

/// How many keys one step of listing them looks at: between two steps others get their turn.
const STEP: u32 = 1000;

/// All keys of a server's database.
#[derive(Clone)]
pub struct Store(Link);

impl Store {
    pub async fn open(url: &str, pool: &Pool) -> Result<Self, String> {
        match pool.open(url).await {
            Ok(link) => Ok(Self(link)),
            Err(OpenError::Address) => Err("the store's URL is none of Redis".to_owned()),
            Err(OpenError::Refused(error)) => Err(text(&error)),
        }
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, String> {
        let value: Value = self.0.clone().query(command).await.map_err(|error| text(&error))?;
        T::from_redis_value(value).map_err(|error| error.to_string())
    }

    pub async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        self.ask(&Cmd::get(key)).await
    }

    pub async fn get_many(
        &self,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, String> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let values: Vec<Option<Vec<u8>>> = self.ask(&Cmd::mget(&keys)).await?;
        Ok(keys.into_iter().zip(values).filter(|(_, value)| value.is_some()).collect())
    }

    pub async fn set(&self, pairs: Pairs) -> Result<(), String> {
        if pairs.is_empty() {
            return Ok(());
        }
        self.ask(&Cmd::mset(&pairs)).await
    }

    pub async fn delete(&self, keys: Vec<String>) -> Result<(), String> {
        if keys.is_empty() {
            return Ok(());
        }
        self.ask::<i64>(&Cmd::del(keys)).await.map(drop)
    }

    /// Spin's `KEYS *` holds up everybody else on the server; this does not.
    pub async fn keys(&self) -> Result<Vec<String>, String> {
        let mut keys = BTreeSet::new();
        let mut cursor = 0;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("COUNT").arg(STEP);
            let (next, found): (u64, Vec<String>) = self.ask(&scan).await?;
            keys.extend(found);
            if next == 0 {
                return Ok(keys.into_iter().collect());
            }
            cursor = next;
        }
    }

    pub async fn increment(&self, key: String, delta: i64) -> Result<i64, String> {
        self.ask(&Cmd::incr(key, delta)).await
    }

    pub async fn swap(&self, key: String, value: Vec<u8>, seen: Seen) -> Result<bool, String> {
        let mut swap = redis::cmd("EVAL");
        swap.arg(SWAP).arg(1).arg(key).arg(value).arg(seen);
        self.ask(&swap).await
    }
}
