//! The users of the application's own Redis, changed while it runs.
//!
//! `ACL LOAD` would cut off every connection, so users are changed one by one. While the processes
//! of two plans work side by side, users may do what either plan grants.

use super::{Server, ask};
use anyhow::{Context, Result};
use redis::Pipeline;
use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The users that a server has, as the text of an ACL file.
#[derive(Debug, Default)]
pub(super) struct Users {
    state: Mutex<State>,
    /// Held while the server is told.
    telling: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    adopted: String,
    /// Whether the server may know more users or grants.
    is_extended: bool,
}

impl Users {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The users that it starts with.
    pub(super) fn adopted(&self) -> String {
        self.state().adopted.clone()
    }
}

impl Server {
    /// From its next start on the server has these users.
    pub fn adopt_users(&self, acl: String) {
        self.users.state().adopted = acl;
    }

    /// Lets the users of `acl` do what it grants, besides what they may do already.
    pub async fn extend_users(&self, acl: &str) -> Result<()> {
        let _telling = self.users.telling.lock().await;
        let adopted = self.users.adopted();
        self.users.state().is_extended = true;
        let () = ask(self.admin_url(), &extension(&adopted, acl)).await.with_context(|| {
            format!("Redis at {} does not take the application's users", self.address())
        })?;
        Ok(())
    }

    /// Takes from users what was not adopted.
    pub async fn settle_users(&self) {
        if !self.users.state().is_extended {
            return;
        }
        let _telling = self.users.telling.lock().await;
        let adopted = self.users.adopted();
        let settled = async {
            let (known,): (Vec<String>,) =
                ask(self.admin_url(), redis::pipe().cmd("ACL").arg("USERS")).await?;
            ask::<()>(self.admin_url(), &settlement(&adopted, &known)).await
        };
        // If it is away, it is asked again.
        if settled.await.is_ok() {
            self.users.state().is_extended = false;
        }
    }
}

/// The users of an ACL file and their rules.
fn lines(acl: &str) -> impl Iterator<Item = (&str, &str)> {
    acl.lines().filter_map(|line| line.strip_prefix("user ")?.split_once(' '))
}

fn set_user<'a>(commands: &mut Pipeline, name: &str, rules: impl Iterator<Item = &'a str>) {
    commands.cmd("ACL").arg("SETUSER").arg(name).arg(rules.collect::<Vec<_>>()).ignore();
}

/// What is to be told to a server with the users of `adopted`, so that it has those of `acl` too.
fn extension(adopted: &str, acl: &str) -> Pipeline {
    let known: HashSet<_> = lines(adopted).map(|(name, _)| name).collect();
    let mut commands = redis::pipe();
    for (name, rules) in lines(acl) {
        let takes = |rule: &&str| ["resetkeys", "resetchannels", "-@all"].contains(rule);
        let is_known = known.contains(name);
        set_user(&mut commands, name, rules.split(' ').filter(|rule| !(is_known && takes(rule))));
    }
    commands
}

/// What is to be told to a server with the users `known`, so that it has those of `acl` only.
fn settlement(acl: &str, known: &[String]) -> Pipeline {
    let mut commands = redis::pipe();
    for (name, rules) in lines(acl) {
        set_user(&mut commands, name, rules.split(' '));
    }
    let names: HashSet<_> = lines(acl).map(|(name, _)| name).collect();
    for gone in known.iter().filter(|name| !names.contains(name.as_str())) {
        commands.cmd("ACL").arg("DELUSER").arg(gone).ignore();
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str =
        "user default off ~*\nuser cart on #1 resetkeys resetchannels -@all ~a +get\n";
    const NEW: &str = "user default off ~*\nuser cart on #1 resetkeys resetchannels -@all ~b +get\n\
                       user view on #2 resetkeys resetchannels -@all ~c +get\n";

    fn told(commands: &Pipeline) -> String {
        let packed = String::from_utf8(commands.get_packed_pipeline()).unwrap();
        let words = packed.split("\r\n").filter(|word| !word.starts_with(['*', '$']));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn users_lose_nothing_until_it_is_settled() {
        assert_eq!(
            told(&extension(OLD, NEW)).trim(),
            "ACL SETUSER default off ~* ACL SETUSER cart on #1 ~b +get \
             ACL SETUSER view on #2 resetkeys resetchannels -@all ~c +get"
        );
        let known = ["default", "cart", "view", "old"].map(str::to_owned);
        assert_eq!(
            told(&settlement(OLD, &known)).trim(),
            "ACL SETUSER default off ~* \
             ACL SETUSER cart on #1 resetkeys resetchannels -@all ~a +get \
             ACL DELUSER view ACL DELUSER old"
        );
    }
}
