use crate::app::{Action, App, Folder, alive, pid, wait_for};
use redis::{Commands, Connection, RedisResult};
use rustix::process::{Signal, kill_process};
use serde_json::Value;

const KEYS: &str = "tool.madang = { redis_keys = [\"own:*\"], redis_channels = [\"shop\"] }\n";

fn folder() -> Folder {
    Folder::new(&[("other", Action::Answer), ("shop-cart", Action::Answer)], KEYS)
}

fn admin(app: &App) -> Connection {
    let url = app.running()["redis"]["adminUrl"].as_str().unwrap().to_owned();
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

pub fn as_user(folder: &Folder, address: &str, user: &str) -> RedisResult<Connection> {
    let logins = std::fs::read(folder.path().join(".madang/redis-logins.json")).unwrap();
    let logins: Value = serde_json::from_slice(&logins).unwrap();
    let password = logins[user].as_str().unwrap();
    redis::Client::open(format!("redis://{user}:{password}@{address}"))?.get_connection()
}

#[test]
fn users_are_held_to_their_keys() {
    let folder = folder();
    let app = folder.up(&[]);
    let address = app.running()["redis"]["address"].as_str().unwrap().to_owned();
    let mut cart = as_user(&folder, &address, "shop-cart").unwrap();
    let () = cart.set("own:1", "x").unwrap();
    let denied = |result: RedisResult<redis::Value>| {
        let error = result.unwrap_err();
        assert_eq!(error.code(), Some("NOPERM"), "{error}");
    };
    denied(cart.set("other:1", "x"));
    let script = "return redis.call('GET', 'other:1')";
    let error = redis::cmd("EVAL").arg(script).arg(0).query::<redis::Value>(&mut cart).unwrap_err();
    assert!(error.to_string().contains("can't access at least one of the keys"), "{error}");
    denied(redis::cmd("KEYS").arg("*").query(&mut cart));
    denied(redis::cmd("FLUSHALL").query(&mut cart));
    denied(cart.publish("elsewhere", "x"));
    let () = cart.publish("shop", "x").unwrap();
    let mut anyone =
        redis::Client::open(format!("redis://{address}")).unwrap().get_connection().unwrap();
    assert!(anyone.get::<_, redis::Value>("own:1").is_err());

    let (success, lines) = folder.run(&["acl"]);
    assert!(
        success
            && lines.contains("user shop-cart on #")
            && lines.contains("user madang-trigger on #"),
        "{lines}"
    );
    assert!(!lines.contains("madang-admin"), "{lines}");
}

fn assert_kept(app: &App) {
    for key in ["own:1", "own:2"] {
        assert_eq!(admin(app).get::<_, Option<String>>(key).unwrap().as_deref(), Some("kept"));
    }
}

#[test]
fn state_survives_restarts_and_crashes() {
    let folder = folder();
    let app = folder.up(&[]);
    let address = app.running()["redis"]["address"].clone();
    // A script with several effects: it is kept as a transaction, which Redis checks anew when it
    // reads its log.
    let script = "redis.call('SET', KEYS[1], 'kept') redis.call('SET', KEYS[2], 'kept')";
    let mut cart = as_user(&folder, address.as_str().unwrap(), "shop-cart").unwrap();
    let keys = ["own:1", "own:2"];
    let () = redis::cmd("EVAL").arg(script).arg(2).arg(&keys).query(&mut cart).unwrap();
    assert!(app.stop().0);

    let app = folder.up(&[]);
    assert_eq!(app.running()["redis"]["address"], address, "the port did not stay");
    assert_kept(&app);

    // A killed supervisor leaves its Redis behind; the next one must not start a second on the same
    // log.
    let stale = u32::try_from(app.running()["redis"]["pid"].as_u64().unwrap()).unwrap();
    app.signal(Signal::KILL);
    app.wait();
    assert!(alive(stale));
    let app = folder.up(&[]);
    assert!(!alive(stale), "two servers write one log");
    assert_kept(&app);

    // A killed Redis is started again.
    let before = u32::try_from(app.running()["redis"]["pid"].as_u64().unwrap()).unwrap();
    kill_process(pid(before), Signal::KILL).unwrap();
    wait_for("the new Redis to be announced", || {
        app.running()["redis"]["pid"].as_u64().is_some_and(|now| now != u64::from(before))
    });
    assert_kept(&app);
}

#[test]
fn of_a_write_in_whose_midst_redis_was_killed_nothing_is_left_and_what_came_later_stays() {
    let folder = folder();
    let app = folder.up(&[]);
    let script = "redis.call('SET', KEYS[1], ARGV[1]) redis.call('SET', KEYS[2], ARGV[1])";
    let commit = |app: &App, value: &str| {
        let mut eval = redis::cmd("EVAL");
        eval.arg(script).arg(2).arg(&["own:1", "own:2"]).arg(value);
        let () = eval.query(&mut admin(app)).unwrap();
    };
    let both = |app: &App| -> [String; 2] { admin(app).mget(&["own:1", "own:2"]).unwrap() };
    commit(&app, "kept");
    commit(&app, "torn");
    assert!(app.stop().0);
    let log = folder.path().join(".madang/redis/appendonlydir/appendonly.aof.1.incr.aof");
    let file = std::fs::File::options().write(true).open(log).unwrap();
    file.set_len(file.metadata().unwrap().len() - 5).unwrap();

    let app = folder.up(&[]);
    assert!(app.errors().contains("Redis ended in the midst of a write"), "{}", app.errors());
    assert_eq!(both(&app), ["kept", "kept"]);
    // Behind half a transaction this would be read as a part of it, which never ends.
    let () = admin(&app).set("own:2", "later").unwrap();
    assert!(app.stop().0);
    let app = folder.up(&[]);
    assert_eq!(both(&app), ["kept", "later"]);
}

#[test]
fn a_given_redis_is_used_with_its_own_users_if_it_has_them() {
    let server = folder();
    let server_app = server.up(&[]);
    let url = server_app.running()["redis"]["adminUrl"].as_str().unwrap().to_owned();
    let guest = folder();
    let app = guest.up(&["--redis-url", &url]);
    assert_eq!(app.running()["redis"]["pid"], Value::Null);
    assert!(
        app.errors().contains("`madang acl` prints the users to create there"),
        "{}",
        app.errors()
    );
    app.stop();

    let (_, lines) = guest.run(&["acl"]);
    for line in lines.lines() {
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some("user"));
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg(words.collect::<Vec<_>>());
        let () = command.query(&mut admin(&server_app)).unwrap();
    }
    let app = guest.up(&["--redis-url", &url]);
    assert!(!app.errors().contains("madang acl"), "{}", app.errors());
}

#[test]
fn a_redis_that_is_away_is_no_reason_not_to_start() {
    let folder = Folder::new(&[("hello", Action::Answer)], "tool.madang.redis_keys = [\"a\"]\n");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = folder.up(&["--redis-url", &format!("redis://{free}")]);
    assert!(app.errors().contains(&format!("Redis at {free} is away")), "{}", app.errors());
    assert_eq!(app.get("/hello"), 200);
}
