//! Denials: what a component of BookRent must not be able to do, tried with its own credentials.

use madang_testing::{Host, Running};
use madang_tests::{BookRent, Shared, problem};
use redis::{Connection, FromRedisValue, RedisError, RedisResult};
use serde_json::{Value, json};
use std::fs;

static SHARED: Shared = Shared::new(Host::start);

const CONTEXTS: [&str; 4] = ["book", "rent", "delivery", "view"];

/// A Redis connection as the component of a context has it; none where the host makes no users.
fn connection_of(host: &Host, context: &str) -> Option<Connection> {
    connection_as(host, &format!("bookrent-{context}"))
}

/// A Redis connection as a component has it.
fn connection_as(host: &Host, user: &str) -> Option<Connection> {
    let Ok(logins) = fs::read(host.state_dir().join("redis-logins.json")) else {
        assert!(!host.has_faults(), "madang up makes a Redis user for each component");
        eprintln!("skipped: this backend makes no Redis users");
        return None;
    };
    let logins: Value = serde_json::from_slice(&logins).expect("the logins are JSON");
    let password = logins[user].as_str().unwrap_or_else(|| panic!("{user} has no login"));
    let url = format!("redis://{user}:{password}@{}", address(host));
    let client = redis::Client::open(url).unwrap();
    Some(client.get_connection().unwrap())
}

/// Where the host's Redis is.
fn address(host: &Host) -> String {
    Running::read(host.state_dir()).unwrap().redis.expect("it has a Redis").address
}

fn ask<T: FromRedisValue>(connection: &mut Connection, words: &[&str]) -> RedisResult<T> {
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    command.query(connection)
}

#[track_caller]
fn assert_denied<T: std::fmt::Debug>(asked: &[&str], answer: Result<T, RedisError>) {
    let error = answer.expect_err(&format!("{asked:?} was allowed"));
    let told = error.to_string();
    // The client's word for NOPERM, and what Redis says of a script's own calls.
    let denied = ["NoPerm", "The user executing the script can't"];
    assert!(denied.iter().any(|denied| told.contains(denied)), "{asked:?}: {told}");
}

#[test]
fn another_contexts_keys_are_denied() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    shop.rent(shop.register("private"), 1);
    shop.settle();
    for own in CONTEXTS {
        let Some(mut connection) = connection_of(&host, own) else { return };
        for other in CONTEXTS.iter().filter(|other| **other != own) {
            let (key, dead) =
                (format!("{{bookrent}}:{other}:x"), format!("{{bookrent}}:dead:{other}"));
            for asked in [
                vec!["GET", &key],
                vec!["SET", &key, "1"],
                vec!["DEL", &key],
                vec!["HSET", &key, "v", "9"],
                vec!["HGETALL", &dead],
                vec!["HDEL", &dead, "1"],
                // In a script: a key that it declares, and one that it does not.
                vec!["EVAL", "return redis.call('GET', KEYS[1])", "1", &key],
                vec!["EVAL", "return redis.call('GET', ARGV[1])", "0", &key],
                vec!["EVAL", "return redis.call('SET', ARGV[1], '1')", "0", &key],
            ] {
                assert_denied(&asked, ask::<redis::Value>(&mut connection, &asked));
            }
        }
        let key = format!("{{bookrent}}:{own}:x");
        ask::<()>(&mut connection, &["SET", &key, "1"]).unwrap();
        assert_eq!(ask::<u64>(&mut connection, &["DEL", &key]).unwrap(), 1);
    }
}

#[test]
fn another_systems_keys_and_channel_are_denied() {
    let host = SHARED.host();
    for own in CONTEXTS {
        let Some(mut connection) = connection_of(&host, own) else { return };
        for asked in [
            vec!["GET", "{outerpark}:log:head"],
            vec!["XADD", "{outerpark}:log", "*", "t", "x"],
            vec!["SET", "anything", "1"],
            vec!["GET", "{bookrent}:else"],
            vec!["PUBLISH", "outerpark", "x"],
            vec!["PUBLISH", "bookrent2", "x"],
            vec!["EVAL", "return redis.call('PUBLISH', 'outerpark', 'x')", "0"],
            vec!["SUBSCRIBE", "bookrent"],
            vec!["PSUBSCRIBE", "*"],
        ] {
            assert_denied(&asked, ask::<redis::Value>(&mut connection, &asked));
        }
    }
}

#[test]
fn commands_that_see_the_whole_server_are_denied() {
    let host = SHARED.host();
    for own in CONTEXTS {
        let Some(mut connection) = connection_of(&host, own) else { return };
        for asked in [
            vec!["KEYS", "*"],
            vec!["SCAN", "0"],
            vec!["RANDOMKEY"],
            vec!["DBSIZE"],
            vec!["FLUSHALL"],
            vec!["FLUSHDB"],
            vec!["CONFIG", "GET", "*"],
            vec!["CONFIG", "SET", "appendonly", "no"],
            vec!["INFO"],
            vec!["MONITOR"],
            vec!["CLIENT", "LIST"],
            vec!["ACL", "LIST"],
            vec!["ACL", "SETUSER", "bookrent-rent", "+@all"],
            vec!["SCRIPT", "FLUSH"],
            vec!["FUNCTION", "LIST"],
            vec!["MODULE", "LIST"],
            vec!["SELECT", "1"],
            vec!["SWAPDB", "0", "1"],
            vec!["SHUTDOWN", "NOSAVE"],
            vec!["REPLICAOF", "127.0.0.1", "1"],
            vec!["EVAL", "return redis.call('KEYS', '*')", "0"],
            vec!["EVAL", "return redis.call('FLUSHALL')", "0"],
        ] {
            assert_denied(&asked, ask::<redis::Value>(&mut connection, &asked));
        }
    }
}

#[test]
fn the_pages_read_the_log_and_write_nothing() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    shop.rent(shop.register("seen"), 1);
    shop.settle();
    let Some(mut connection) = connection_as(&host, "web") else { return };
    assert!(ask::<u64>(&mut connection, &["GET", "{bookrent}:log:head"]).unwrap() > 0);
    assert!(ask::<u64>(&mut connection, &["GET", "{bookrent}:delivery:cursor"]).unwrap() > 0);
    assert_eq!(ask::<u64>(&mut connection, &["HLEN", "{bookrent}:dead:delivery"]).unwrap(), 0);
    for asked in [
        vec!["SET", "{bookrent}:log:head", "0"],
        vec!["XADD", "{bookrent}:log", "*", "t", "x"],
        vec!["XTRIM", "{bookrent}:log", "MAXLEN", "0"],
        vec!["SET", "{bookrent}:delivery:cursor", "0"],
        vec!["HDEL", "{bookrent}:dead:delivery", "1"],
        vec!["GET", "{bookrent}:rent:rents:1"],
        vec!["HGETALL", "{bookrent}:rent:rents:1"],
        vec!["PUBLISH", "bookrent", "x"],
        vec!["EVAL", "return redis.call('SET', ARGV[1], '0')", "0", "{bookrent}:log:head"],
        vec!["KEYS", "*"],
    ] {
        assert_denied(&asked, ask::<redis::Value>(&mut connection, &asked));
    }
}

#[test]
fn nobody_gets_in_without_a_name() {
    let host = SHARED.host();
    if connection_of(&host, "book").is_none() {
        return;
    }
    let address = address(&host);
    for login in ["", "default:@", ":guess@", "bookrent-book:guess@", "madang-admin:guess@"] {
        let client = redis::Client::open(format!("redis://{login}{address}")).unwrap();
        let answer = client
            .get_connection()
            .and_then(|mut connection| ask::<redis::Value>(&mut connection, &["PING"]));
        let error = answer.expect_err("somebody got in").to_string();
        assert!(error.contains("uthentication") || error.contains("NOAUTH"), "{login:?}: {error}");
    }
}

#[test]
fn a_script_that_touches_anothers_key_writes_nothing_at_all() {
    let host = SHARED.host();
    let Some(mut connection) = connection_of(&host, "rent") else { return };
    let mut admin = host.redis();
    // As the platform's commit does it: keys are declared, so that Redis refuses before the first write.
    let script = "for _, key in ipairs(KEYS) do redis.call('SET', key, '1') end return #KEYS";
    let (own, others) = ("{bookrent}:rent:trial", "{bookrent}:book:trial");
    for keys in [[own, others], [others, own]] {
        let asked = ["EVAL", script, "2", keys[0], keys[1]];
        assert_denied(&asked, ask::<u64>(&mut connection, &asked));
        for key in keys {
            assert!(!ask::<bool>(&mut admin, &["EXISTS", key]).unwrap(), "{key} was written");
        }
    }
    // Its own alone it may write.
    let other_own = "{bookrent}:rent:trial2";
    assert_eq!(ask::<u64>(&mut connection, &["EVAL", script, "2", own, other_own]).unwrap(), 2);
    assert_eq!(ask::<u64>(&mut admin, &["DEL", own, other_own]).unwrap(), 2);
}

#[test]
fn internal_paths_are_denied_without_the_token() {
    let host = SHARED.host();
    let shop = BookRent::of(&host);
    let book = shop.register("guarded");
    let path = "/bookrent/-/book/check-and-change-status";
    let asked = shop.client.with("idempotency-key", "rents/9999");
    problem(&asked.post(path, json!({"bookId": book, "rentId": 9999})), 401, path);
    assert!(shop.is_free(book));
}
