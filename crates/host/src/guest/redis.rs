//! `fermyon:spin/redis`: commands, over connections that all requests share.

use super::{
    bindings::fermyon::spin2_0_0::redis::{
        Error, Host, HostConnection, Payload, RedisParameter as Parameter, RedisResult as Item,
    },
    redis_pool::{Link, OpenError},
    state::State,
};
use crate::telemetry::span::Span;
use redis::{Arg, Cmd, RedisError, Value};
use std::sync::PoisonError;
use url::Url;
use wasmtime::component::Resource;

/// Granted addresses that are remembered for a component; it may make up as many as it likes.
const KNOWN: usize = 16;

/// An opened connection.
pub struct Connection(Link);

type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl State {
    async fn command(&mut self, connection: &Resource<Connection>, command: &Cmd) -> Answer<Value> {
        let span = self.command_span(command);
        let link = &mut self.table.get_mut(connection)?.0;
        let result = link.query(command).await;
        if let Some(span) = span {
            span.ended(&result);
        }
        self.guest().meter.redis(result.is_ok());
        self.performed().await;
        Ok(result.map_err(|error| Error::Other(text(&error))))
    }

    /// The span of a command: by its name alone, since keys and values may be anybody's.
    fn command_span(&self, command: &Cmd) -> Option<Span> {
        let word = |at| match command.args_iter().nth(at) {
            Some(Arg::Simple(word)) => std::str::from_utf8(word).unwrap_or_default(),
            _ => "",
        };
        let scope = self.outbound.life.scope.as_ref()?;
        let name = word(0);
        let mut span = scope.call(name)?;
        span.set("db.system.name", "redis").set("db.operation.name", name);
        if name == "EVALSHA" {
            span.set("db.stored_procedure.name", word(1));
        }
        Some(span)
    }

    /// Whether the component is granted a Redis at this address.
    fn may_open(&self, address: &str) -> bool {
        let known = || self.guest().granted_redis.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(address) {
            return true;
        }
        // Spin takes `host:port` too.
        let url = match Url::parse(address) {
            Ok(url) if url.has_host() => Some(url),
            _ => Url::parse(&format!("redis://{address}")).ok(),
        };
        let Some(url) = url else { return false };
        if !self.guest().grants.allow(&url) {
            self.outbound.guest.denied(&url);
            return false;
        }
        let mut known = known();
        if known.len() < KNOWN {
            known.insert(address.to_owned());
        }
        true
    }

    /// A command whose answer is made of `T`.
    async fn ask<T: redis::FromRedisValue>(
        &mut self,
        connection: &Resource<Connection>,
        command: &Cmd,
    ) -> Answer<T> {
        let value = self.command(connection, command).await?;
        Ok(value.and_then(|value| {
            T::from_redis_value(value).map_err(|error| Error::Other(error.to_string()))
        }))
    }
}

impl Host for State {}

impl HostConnection for State {
    async fn open(&mut self, address: String) -> Answer<Resource<Connection>> {
        if !self.may_open(&address) {
            return Ok(Err(Error::InvalidAddress));
        }
        match self.host().redis.open(&address).await {
            Ok(link) => Ok(Ok(self.table.push(Connection(link))?)),
            Err(OpenError::Address) => Ok(Err(Error::InvalidAddress)),
            Err(OpenError::Refused(error)) => Ok(Err(Error::Other(text(&error)))),
        }
    }

    async fn publish(
        &mut self,
        connection: Resource<Connection>,
        channel: String,
        payload: Payload,
    ) -> Answer<()> {
        let command = Cmd::publish(channel, payload);
        Ok(self.command(&connection, &command).await?.map(drop))
    }

    async fn get(
        &mut self,
        connection: Resource<Connection>,
        key: String,
    ) -> Answer<Option<Payload>> {
        self.ask(&connection, &Cmd::get(key)).await
    }

    async fn set(
        &mut self,
        connection: Resource<Connection>,
        key: String,
        value: Payload,
    ) -> Answer<()> {
        Ok(self.command(&connection, &Cmd::set(key, value)).await?.map(drop))
    }

    async fn incr(&mut self, connection: Resource<Connection>, key: String) -> Answer<i64> {
        self.ask(&connection, &Cmd::incr(key, 1)).await
    }

    async fn del(&mut self, connection: Resource<Connection>, keys: Vec<String>) -> Answer<u32> {
        self.ask(&connection, &Cmd::del(keys)).await
    }

    async fn sadd(
        &mut self,
        connection: Resource<Connection>,
        key: String,
        values: Vec<String>,
    ) -> Answer<u32> {
        self.ask(&connection, &Cmd::sadd(key, values)).await
    }

    async fn smembers(
        &mut self,
        connection: Resource<Connection>,
        key: String,
    ) -> Answer<Vec<String>> {
        self.ask(&connection, &Cmd::smembers(key)).await
    }

    async fn srem(
        &mut self,
        connection: Resource<Connection>,
        key: String,
        values: Vec<String>,
    ) -> Answer<u32> {
        self.ask(&connection, &Cmd::srem(key, values)).await
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        command: String,
        arguments: Vec<Parameter>,
    ) -> Answer<Vec<Item>> {
        let mut packed = redis::cmd(&command);
        for argument in &arguments {
            match argument {
                Parameter::Int64(number) => packed.arg(*number),
                Parameter::Binary(bytes) => packed.arg(bytes.as_slice()),
            };
        }
        let value = self.command(&connection, &packed).await?;
        Ok(value.and_then(|value| {
            let mut items = Vec::new();
            flatten(value, &mut items)?;
            Ok(items)
        }))
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

/// Spin's mapping of answers: nested arrays become one list, and what has no place in it is an
/// error.
fn flatten(value: Value, items: &mut Vec<Item>) -> Result<(), Error> {
    let unsupported = |what: &str| {
        Err(Error::Other(format!(
            "Could not convert Redis response - TypeError: {what} is not supported"
        )))
    };
    match value {
        Value::Nil => items.push(Item::Nil),
        Value::Int(number) => items.push(Item::Int64(number)),
        Value::BulkString(bytes) => items.push(Item::Binary(bytes)),
        Value::SimpleString(text) => items.push(Item::Status(text)),
        Value::Okay => items.push(Item::Status("OK".to_owned())),
        Value::Double(number) => items.push(Item::Binary(number.to_string().into_bytes())),
        Value::Boolean(truth) => items.push(Item::Int64(truth.into())),
        Value::Array(values) | Value::Set(values) => {
            for value in values {
                flatten(value, items)?;
            }
        }
        Value::ServerError(error) => return Err(Error::Other(text(&error.into()))),
        Value::Map(_) => return unsupported("Redis Map type"),
        other => return unsupported(&format!("Redis type of {other:?}")),
    }
    Ok(())
}

/// The words in which Spin's components know Redis errors: those of the client library that Spin 4
/// uses.
pub(super) fn text(error: &RedisError) -> String {
    let Some(code) = error.code() else { return error.to_string() };
    let kind = match code {
        "ERR" => "ResponseError",
        "EXECABORT" => "ExecAbortError",
        "LOADING" => "BusyLoadingError",
        "NOSCRIPT" => "NoScriptError",
        "MOVED" => "Moved",
        "ASK" => "Ask",
        "TRYAGAIN" => "TryAgain",
        "CLUSTERDOWN" => "ClusterDown",
        "CROSSSLOT" => "CrossSlot",
        "MASTERDOWN" => "MasterDown",
        "READONLY" => "ReadOnly",
        "NOTBUSY" => "NotBusy",
        "NOSUB" => "NoSub",
        other => return format!("{other}: {}", error.detail().unwrap_or_default()),
    };
    match error.detail() {
        Some(detail) => format!("An error was signalled by the server - {kind}: {detail}"),
        None => format!("An error was signalled by the server- {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_flattened_as_spin_does() {
        let value = Value::Array(vec![
            Value::Okay,
            Value::Array(vec![Value::Int(1), Value::Nil, Value::BulkString(b"x".to_vec())]),
            Value::SimpleString("s".to_owned()),
        ]);
        let mut items = Vec::new();
        flatten(value, &mut items).unwrap();
        let shown = format!("{items:?}");
        assert!(matches!(items[0], Item::Status(ref text) if text == "OK"), "{shown}");
        assert!(matches!(items[1], Item::Int64(1)), "{shown}");
        assert!(matches!(items[2], Item::Nil), "{shown}");
        assert!(matches!(items[3], Item::Binary(ref bytes) if bytes == b"x"), "{shown}");
        assert!(matches!(items[4], Item::Status(ref text) if text == "s"), "{shown}");
        assert!(flatten(Value::Map(Vec::new()), &mut items).is_err());
    }
}
