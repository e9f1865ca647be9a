use crate::app::{Action, Folder};
use std::time::{Duration, SystemTime};

#[test]
fn every_request_has_a_deadline() {
    let folder = Folder::new(&[("echo", Action::Echo("x-request-deadline"))], "");
    let app = folder.up(&["--request-timeout", "20s"]);
    let ask = |headers: &[(&str, &str)]| {
        let answer = app.ask("/echo", headers);
        answer.headers()["echo"].to_str().unwrap().to_owned()
    };
    let limit = Duration::from_secs(20);
    // Written in milliseconds.
    let before = SystemTime::now() + limit - Duration::from_millis(1);
    let own = humantime::parse_rfc3339(&ask(&[])).unwrap();
    assert!(before <= own && own <= SystemTime::now() + limit, "{own:?}");
    let later = ask(&[("x-request-deadline", "2999-01-01T00:00:00.000Z")]);
    assert!(humantime::parse_rfc3339(&later).unwrap() <= SystemTime::now() + limit, "{later}");
    for sent in ["2026-01-01T00:00:00.000Z", "whenever"] {
        assert_eq!(ask(&[("x-request-deadline", sent)]), sent);
    }
}
