//! What an operator orders.

use madang::http::Response;
use serde_json::{Value, json};

use crate::reach::{self, Told};
use crate::visit::{self, Visit};

use super::operator::{self, Operator};
use super::{ROOT, component, letters, named, overview};

/// How late a component's answers are made, in milliseconds: around the default limit of a call, so that some are
/// in time.
const LATE: (u64, u64) = (800, 1100);

/// Carries out an order.
pub(crate) fn post(visit: &Visit, path: &[&str]) -> Option<Response> {
    if path == ["sign-in"] {
        let wrong = visit.pick("That is not the operator's key.", "운영자 키가 아닙니다.");
        return operator::sign_in(visit).or_else(|| Some(overview::show(visit, 403, Some(wrong))));
    }
    if operator::of(visit) != Operator::Known {
        let who = visit.pick(
            "Only operators may do that. Nothing was done.",
            "운영자만 할 수 있습니다. 처리하지 않았습니다.",
        );
        return Some(overview::show(visit, 403, Some(who)));
    }
    let form = visit.form();
    let value = |name: &str| form.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    match path {
        ["sign-out"] => Some(operator::sign_out(visit)),
        ["fault"] => {
            let (path, body) = fault(value("component"), value("do"))?;
            match problem(visit, reach::order_host(&path, &body)) {
                None => Some(visit::see(&format!("{ROOT}#at-{}", value("component")))),
                Some(problem) => Some(overview::show(visit, 502, Some(&problem))),
            }
        }
        [system, context] => {
            let (system, context) = named(system, context)?;
            let number: u64 = value("number").parse().ok()?;
            let letter = format!("/{}/-/{}/dead-letters/{number}", system.name, context.name);
            let told = match value("do") {
                "replay" => reach::order_within("POST", &format!("{letter}/replay")),
                "drop" => reach::order_within("DELETE", &letter),
                _ => return None,
            };
            match problem(visit, told) {
                None => Some(visit::see(&format!("{ROOT}/{}/{}", system.name, context.name))),
                Some(problem) => Some(letters::show(visit, system, context, 502, Some(&problem))),
            }
        }
        _ => None,
    }
}

/// Where an order for a context's component goes, and what it says. There is none for others: the pages themselves
/// are among those.
fn fault(id: &str, what: &str) -> Option<(String, Value)> {
    let (system, context) = id.split_once('-')?;
    let (system, context) = named(system, context)?;
    let body = match what {
        "down" | "heal" => json!({}),
        "delay" => json!({"minMs": LATE.0, "maxMs": LATE.1}),
        "crash" => json!({"call": 1}),
        _ => return None,
    };
    Some((format!("/components/{}/{what}", component(system, context)), body))
}

/// Why it was not done; none where it was.
fn problem(visit: &Visit, told: Result<Told, String>) -> Option<String> {
    let why = match told {
        Ok(told) if told.is_success() => return None,
        Ok(told) if told.status == 404 => {
            visit.pick("it is gone already", "이미 없습니다").to_owned()
        }
        Ok(told) => format!("{} {}", told.status, told.body["detail"].as_str().unwrap_or_default()),
        Err(why) => why,
    };
    Some(format!("{}: {why}", visit.pick("That was not done", "처리하지 못했습니다")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_contexts_have_faults_put_into_them() {
        let (path, body) = fault("lecture-my-page", "down").unwrap();
        assert_eq!((path.as_str(), body), ("/components/lecture-my-page/down", json!({})));
        for (id, what) in [
            ("web", "down"),
            ("contracts", "down"),
            ("bookrent-book/../../reload", "down"),
            ("bookrent-book", "reload"),
            ("", ""),
        ] {
            assert!(fault(id, what).is_none(), "{id} {what}");
        }
    }
}
