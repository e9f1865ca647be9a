//! What stands in Redis, and what the components say of themselves, at the moment of a scrape.

use super::Figures;
use crate::{
    breakers,
    contexts::{Context, head_key, systems},
};
use anyhow::Result;
use redis::{AsyncConnectionConfig, Client};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// How long Redis, and each component, may take to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// What Redis knows of an application's systems.
#[derive(Debug, Default)]
pub struct Logs {
    /// The number of the last event, by system.
    pub heads: BTreeMap<String, u64>,
    /// What it knows of the contexts, by component.
    pub contexts: BTreeMap<String, Stored>,
}

/// What Redis knows of a context.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// The number of the last event that it has handled; absent where it keeps that elsewhere.
    pub cursor: Option<u64>,
    /// How many dead letters it has.
    pub dead_letters: u64,
}

/// Asks a Redis for all of it at once.
pub async fn logs(url: &str, contexts: &[Context]) -> Result<Logs> {
    let systems = systems(contexts);
    let mut pipe = redis::pipe();
    for system in &systems {
        pipe.get(head_key(system));
    }
    for context in contexts {
        pipe.get(context.cursor_key()).hlen(context.dead_key());
    }
    let asked = async {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(ANSWER));
        let client = Client::open(url)?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        pipe.query_async::<Vec<Option<u64>>>(&mut connection).await
    };
    let numbers = timeout(ANSWER, asked).await??;
    let (heads, rest) = numbers.split_at(systems.len().min(numbers.len()));
    let heads = systems.iter().zip(heads);
    let stored = contexts.iter().zip(rest.chunks_exact(2));
    Ok(Logs {
        heads: heads.map(|(name, head)| ((*name).to_owned(), head.unwrap_or(0))).collect(),
        contexts: stored
            .map(|(context, numbers)| {
                let dead_letters = numbers[1].unwrap_or(0);
                (context.component.clone(), Stored { cursor: numbers[0], dead_letters })
            })
            .collect(),
    })
}

/// The components' info, by component; `None` where one does not answer.
pub async fn infos(figures: &Figures) -> BTreeMap<String, Option<Value>> {
    let certificate = figures.certificate.as_deref();
    let asked = figures.contexts.iter().map(|context| async {
        let url = format!("{}{}/info", figures.http, context.path());
        (context.component.clone(), breakers::info(&url, certificate, ANSWER).await.ok())
    });
    futures_util::future::join_all(asked).await.into_iter().collect()
}
