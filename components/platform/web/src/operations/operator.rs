//! Who may operate: whoever knows the operator's key, the variable `operator_key`. It is kept in a cookie that no
//! script sees and that is sent to these pages alone. Without the variable nobody may.
//!
//! The client's address says nothing: behind a proxy on the same machine everybody comes from it.

use madang::http::Response;
use maud::{Markup, html};

use crate::reach::variable;
use crate::visit::{self, Visit};
use crate::words::cookie;

use super::ROOT;

const COOKIE: &str = "madang-operator";

/// How the reader stands to the operator's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// Knows it.
    Known,
    /// Has not said it.
    Unknown,
    /// There is none.
    Nobody,
}

/// How the reader stands.
pub(super) fn of(visit: &Visit) -> Operator {
    let Some(key) = variable("operator_key") else { return Operator::Nobody };
    let brought = cookie(visit.request, COOKIE).unwrap_or_default();
    let brought = percent_encoding::percent_decode_str(brought).collect::<Vec<u8>>();
    if is_same(&brought, key.as_bytes()) { Operator::Known } else { Operator::Unknown }
}

/// Compares in a time that says nothing about where they differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// Keeps a key that is right, and goes back.
pub(super) fn sign_in(visit: &Visit) -> Option<Response> {
    let form = visit.form();
    let brought = form.iter().find(|(name, _)| name == "key").map(|(_, value)| value.trim());
    let key = variable("operator_key")?;
    let brought = brought.filter(|brought| is_same(brought.as_bytes(), key.as_bytes()))?;
    let value: String =
        percent_encoding::utf8_percent_encode(brought, percent_encoding::NON_ALPHANUMERIC)
            .collect();
    Some(keep(visit, &value, 8 * 60 * 60))
}

/// Forgets the key.
pub(super) fn sign_out(visit: &Visit) -> Response {
    keep(visit, "", 0)
}

fn keep(visit: &Visit, value: &str, seconds: u32) -> Response {
    let secure = if visit.request.origin().starts_with("https:") { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={value}; Path={ROOT}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    visit::see(ROOT).with("set-cookie", cookie)
}

/// The form that asks for the key, or says that there is none; for an operator, the way out.
pub(super) fn door(visit: &Visit) -> Markup {
    match of(visit) {
        Operator::Known => html! {
            form.door method="post" action=(format!("{ROOT}/sign-out")) {
                p { (visit.pick("You operate: the buttons do what they say.", "운영자입니다. 버튼은 바로 실행됩니다.")) }
                button.quiet type="submit" { (visit.pick("Sign out", "나가기")) }
            }
        },
        Operator::Unknown => html! {
            form.door method="post" action=(format!("{ROOT}/sign-in")) {
                label for="key" { (visit.pick("Operator's key", "운영자 키")) }
                // For those who have a program keep their passwords.
                input name="who" value="operator" autocomplete="username" hidden;
                input #key name="key" type="password" autocomplete="current-password" aria-required="true";
                button type="submit" { (visit.pick("Operate", "운영하기")) }
            }
        },
        Operator::Nobody => html! {
            p.hint { (visit.pick(
                "Nobody operates here: the variable operator_key is not set. Everything can be seen all the same.",
                "operator_key 변수가 없어 여기서는 운영할 수 없습니다. 보는 것은 모두 할 수 있습니다.",
            )) }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn a_key_is_the_whole_key() {
        assert!(is_same(b"key", b"key"));
        for other in ["", "ke", "keys", "kez"] {
            assert!(!is_same(other.as_bytes(), b"key"), "{other}");
        }
    }
}
