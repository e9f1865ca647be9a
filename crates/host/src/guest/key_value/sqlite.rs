//! A store in a SQLite file of Spin's own layout.

use super::{Pairs, Seen};
use crate::guest::database::{Database, LARGEST_RESULT};
use rusqlite::{Connection, OptionalExtension, params};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS spin_key_value \
                      (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
                      PRIMARY KEY (store, key))";
const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (store, key) DO UPDATE SET value = ?3";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";
const KEYS: &str = "SELECT key FROM spin_key_value WHERE store = ?1";
const CREATE_VALUE: &str =
    "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const SWAP: &str =
    "UPDATE spin_key_value SET value = ?3 WHERE store = ?1 AND key = ?2 AND value = ?4";

/// One label's values.
#[derive(Clone)]
pub struct Store {
    label: String,
    database: Database,
}

impl Store {
    pub async fn open(label: &str, database: Database) -> Result<Self, String> {
        database.prepare(CREATE).await?;
        Ok(Self { label: label.to_owned(), database })
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let label = self.label.clone();
        self.database.work(move |connection| work(connection, &label)).await
    }

    async fn quick<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let label = self.label.clone();
        self.database.quick(move |connection| work(connection, &label)).await
    }

    pub async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        self.quick(move |connection, label| get(connection, label, &key)).await
    }

    pub async fn get_many(
        &self,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, String> {
        self.work(move |connection, label| {
            keys.into_iter()
                .filter_map(|key| match get(connection, label, &key) {
                    Ok(None) => None,
                    Ok(value) => Some(Ok((key, value))),
                    Err(error) => Some(Err(error)),
                })
                .collect()
        })
        .await
    }

    pub async fn swap(&self, key: String, value: Vec<u8>, seen: Seen) -> Result<bool, String> {
        self.work(move |connection, label| {
            let changed = match seen {
                Some(seen) => {
                    connection.prepare_cached(SWAP)?.execute(params![label, key, value, seen])
                }
                None => {
                    connection.prepare_cached(CREATE_VALUE)?.execute(params![label, key, value])
                }
            };
            changed.map(|rows| rows > 0)
        })
        .await
    }

    pub async fn set(&self, pairs: Pairs) -> Result<(), String> {
        self.quick(move |connection, label| {
            let transaction = connection.transaction()?;
            for (key, value) in &pairs {
                transaction.prepare_cached(SET)?.execute(params![label, key, value])?;
            }
            transaction.commit()
        })
        .await
    }

    pub async fn delete(&self, keys: Vec<String>) -> Result<(), String> {
        self.quick(move |connection, label| {
            let transaction = connection.transaction()?;
            for key in &keys {
                transaction.prepare_cached(DELETE)?.execute(params![label, key])?;
            }
            transaction.commit()
        })
        .await
    }

    pub async fn keys(&self) -> Result<Vec<String>, String> {
        self.work(|connection, label| {
            let mut size = 0;
            connection
                .prepare_cached(KEYS)?
                .query_map([label], |row| {
                    let key: String = row.get(0)?;
                    size += size_of::<String>() + key.len();
                    if size > LARGEST_RESULT {
                        let text = format!("query result exceeds limit of {LARGEST_RESULT} bytes");
                        return Err(rusqlite::Error::ToSqlConversionFailure(text.into()));
                    }
                    Ok(key)
                })?
                .collect()
        })
        .await
    }

    /// Adds to a number kept as eight little-endian bytes, Spin's way.
    pub async fn increment(&self, key: String, delta: i64) -> Result<i64, String> {
        let sum = self.quick(move |connection, label| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let number = match get(&transaction, label, &key)? {
                None => Some(0),
                Some(bytes) => bytes.try_into().ok().map(i64::from_le_bytes),
            };
            let Some(sum) = number.and_then(|number| number.checked_add(delta)) else {
                return Ok(None);
            };
            transaction.prepare_cached(SET)?.execute(params![label, key, sum.to_le_bytes()])?;
            transaction.commit()?;
            Ok(Some(sum))
        });
        sum.await?.ok_or_else(|| "the value is not a number that can be incremented".to_owned())
    }
}

fn get(connection: &Connection, label: &str, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.prepare_cached(GET)?.query_row([label, key], |row| row.get(0)).optional()
}
