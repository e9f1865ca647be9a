//! What people do in a system, as far as it is measured.

use super::desk::{CLIENTS, Commands, Desk};
use anyhow::{Result, ensure};
use madang_testing::{Answer, Body, Client};
use serde_json::Value;

/// What is known of a system beforehand.
#[derive(Clone, Copy)]
pub struct Facts {
    /// As its paths and keys have it: `bookrent`.
    pub name: &'static str,
    /// As its documents have it: `BookRent`.
    pub title: &'static str,
    /// The contexts that hear events, each after those that tell what it hears.
    pub hearing: &'static [&'static str],
    /// Those among them that others ask while they hear nothing: for the main command, or when they hear.
    pub asked: &'static [&'static str],
    /// What its saga is, for the table: "rent → delivery started".
    pub saga: &'static str,
    /// The collection of its main aggregate, and the context that keeps it.
    pub main: (&'static str, &'static str),
}

impl Facts {
    /// The path of the main aggregate's collection.
    pub fn collection(&self) -> String {
        format!("/{}/{}", self.name, self.main.0)
    }
}

/// A command that was answered, and where its saga's end is seen.
pub struct Begun {
    /// What is read.
    pub path: String,
    /// Whether that tells that all has happened.
    pub is_settled: Box<dyn Fn(&Value) -> bool>,
}

/// What a read asks for, by its number: the path, and a text that the answer has.
pub type Reads = Box<dyn Fn(usize) -> (String, String)>;

/// A system under its users.
pub trait Trade {
    /// What is known of it.
    fn facts(&self) -> Facts;
    /// Measures every command that people have, and every view and the main reads.
    fn measure(&mut self, desk: &mut Desk) -> Result<()>;
    /// Makes what so many main commands need, and settles.
    fn supply(&mut self, desk: &Desk, count: usize) -> Result<()>;
    /// So many of the system's main command, of what was supplied.
    fn main(&mut self, count: usize) -> Commands;
    /// The view that follows from the main command, of those that were measured.
    fn view(&self) -> (&'static str, Reads);
    /// Hears which ids the main commands made.
    fn made(&mut self, ids: Vec<u64>);
    /// Gives the main command once, of what was supplied.
    fn begin(&mut self, client: &Client) -> Result<Begun>;
    /// So many of the command that makes the main aggregate.
    fn create(&mut self, count: usize) -> Commands;

    /// What has to be there before [`Trade::tell`].
    fn prepare(&mut self, desk: &Desk, count: usize) -> Result<()> {
        self.supply(desk, count)
    }

    /// Has commands tell about so many events, while those that hear them are down.
    fn tell(&mut self, desk: &Desk, count: usize) -> Result<()> {
        desk.load(CLIENTS, self.main(count)).map(drop)
    }
}

/// Takes so many from the end.
pub fn take<T>(of: &mut Vec<T>, count: usize) -> Vec<T> {
    of.split_off(of.len().checked_sub(count).expect("they were supplied"))
}

/// A command of one client, that has to succeed.
///
/// # Errors
/// The answer, if it does not.
pub fn ask(client: &Client, method: &str, path: &str, body: Value) -> Result<Value> {
    let answer: Answer =
        client.send(method, path, Some(Body::from(body))).map_err(anyhow::Error::msg)?;
    ensure!(answer.is_success(), "{answer}");
    Ok(answer.json())
}
