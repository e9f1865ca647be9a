//! The one commit of a piece of work: what is staged, and how it is written.

use serde_json::{Value, json};

use super::slot::{Face, Slot};
use super::{Step, Work, unique_key};
use crate::aggregate::Aggregate;
use crate::error::{Class, Error, Rejection};
use crate::index;
use crate::pack::Pack;
use crate::redis::{COMMIT, Reply};

/// When an intent is taken up again by others, in milliseconds: after whoever made it must have ended.
const INTENT_GRACE: u64 = 5_000;

/// How a commit ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Committed {
    /// It is done.
    Done,
    /// Somebody else has handled this event already: nothing was written.
    Overtaken,
}

impl Work<'_, '_> {
    /// Records an answer for an Idempotency-Key in the same commit.
    pub(crate) fn answer_idempotent(&mut self, record: &str, token: &str, answer: &Value) {
        self.check(record, "token", token);
        self.command(&["HSET", record, "answer", &answer.to_string()]);
    }

    /// Binds an Idempotency-Key to an aggregate that is an intent: whoever settles it answers the key.
    pub(crate) fn bind_idempotent<A: Aggregate>(&mut self, id: u64, record: &str, token: &str) {
        self.check(record, "token", token);
        self.command(&["HSET", record, "subject", &id.to_string()]);
        if let Some(slot) = self.slots.get_mut(&(A::COLLECTION, id)) {
            slot.kept.record = Some(record.to_owned());
        }
    }

    /// Writes the answer that an Idempotency-Key's record waits for.
    pub(crate) fn answer_awaited(&mut self, record: &str, answer: &Value) {
        self.command(&["HSET", record, "answer", &answer.to_string()]);
    }

    /// Writes the refusal that an Idempotency-Key's record waits for; after one that is only for the moment
    /// the key can be tried anew.
    pub(crate) fn refuse_awaited(&mut self, record: &str, refusal: &Rejection) {
        if refusal.class == Class::Later {
            self.command(&["HDEL", record, "until", "subject"]);
        } else {
            self.answer_awaited(record, &json!({"refused": refusal.detail}));
        }
    }

    /// Takes a consumer's step along: the commit holds only if the cursor stands where it should.
    /// `weight` is what the tries of the next event weigh then: its first one, if that begins at once.
    pub(crate) fn step(&mut self, from: u64, to: u64, weight: u64) {
        self.step = Some(Step { from, to, weight });
    }

    /// Adds a command to the commit, on a key of this context (without the prefix) or, beginning with
    /// `{`, on another that it is granted.
    pub(crate) fn command(&mut self, words: &[&str]) {
        self.note(words[1]);
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        self.commands.list(&words);
    }

    /// Adds a condition: the key (or its hash's field) holds this, `""` for nothing.
    pub(crate) fn check(&mut self, key: &str, field: &str, expected: &str) {
        self.note(key);
        [key, field, expected].iter().for_each(|text| self.checks.text(text.as_bytes()));
    }

    fn note(&mut self, key: &str) {
        if key.starts_with('{') {
            self.foreign.push(key.to_owned());
        }
    }

    /// Writes everything, or nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] where another writer was faster; unavailable without Redis (then it is not
    /// known whether it was written).
    pub(crate) fn commit(mut self) -> Result<Committed, Error> {
        let step = self.stage_step();
        let slots = std::mem::take(&mut self.slots);
        for slot in slots.values().filter(|slot| slot.is_changed()) {
            self.stage(slot)?;
        }
        // What was read of several aggregates must have been so at one moment, also where it changes nothing.
        if self.commands.is_empty() && slots.len() < 2 {
            return Ok(Committed::Done);
        }
        // What was only read must still hold too: the decision rests on it. Of what was created nobody
        // else has the id.
        let is_checked = cfg!(not(feature = "without-version-check"));
        for slot in slots.values().filter(|slot| is_checked && !slot.created) {
            let item = format!("{}:{}", slot.collection, slot.id);
            self.check(&item, "v", &expected(slot.version));
        }
        let mut events = Pack::new();
        for event in &self.events {
            events.text(event.kind.as_bytes());
            events.text(&serde_json::to_vec(event).map_err(Error::fault)?);
        }
        let mut keys = vec![self.env.key(""), self.env.log_key(), self.env.head_key()];
        keys.append(&mut self.foreign);
        let channel = self.env.system.as_bytes().to_vec();
        let arguments =
            vec![channel, self.checks.finish(), events.finish(), self.commands.finish()];
        let replies = self.env.script(&COMMIT, &keys, arguments)?;
        match replies.iter().map(Reply::number).collect::<Vec<_>>().as_slice() {
            [Some(1), ..] => Ok(Committed::Done),
            [Some(0), Some(1)] if step => Ok(Committed::Overtaken),
            [Some(0), ..] => Err(Error::Conflict),
            _ => Err(Error::fault(format!("the commit answered {replies:?}"))),
        }
    }

    /// The cursor's check comes first, so that its failure is told apart.
    fn stage_step(&mut self) -> bool {
        let Some(Step { from, to, weight }) = self.step.take() else { return false };
        let is_checked = cfg!(not(feature = "without-cursor-check"));
        if is_checked {
            let staged = std::mem::replace(&mut self.checks, Pack::new());
            self.check("cursor", "", &expected(from));
            self.checks.append(staged);
        }
        let (to, weight) = (to.to_string(), weight.to_string());
        self.command(&["SET", "cursor", &to]);
        // No trace of this one's failures.
        self.command(&[
            "HSET", "tries", "position", &to, "count", &weight, "told", "", "waits", "0", "reason",
            "",
        ]);
        is_checked
    }

    fn stage(&mut self, slot: &Slot) -> Result<(), Error> {
        let before = slot.face_before()?;
        let collection = slot.collection;
        let item = format!("{collection}:{}", slot.id);
        let id = slot.id.to_string();
        match &slot.state {
            Some(state) => {
                let version = (slot.version + 1).to_string();
                let mut words = vec!["HSET", &item, "v", &version, "d", state];
                if let Some(record) = &slot.kept.record {
                    words.extend(["k", record]);
                }
                if let (true, false, Some(cause)) =
                    (slot.after.intent, before.intent, &slot.kept.cause)
                {
                    words.extend(["c", cause]);
                }
                self.command(&words);
            }
            None => self.command(&["DEL", &item]),
        }
        self.stage_indexes(slot, &before, &id);
        self.stage_unique(slot, &before, &id);
        let intents = format!("{collection}:intents");
        match (before.intent, slot.after.intent) {
            (false, true) => {
                self.command(&["DUE", &intents, &INTENT_GRACE.to_string(), &id]);
            }
            (true, true) => self.command(&["DUE", &intents, "500", &id]),
            (true, false) => self.command(&["ZREM", &intents, &id]),
            (false, false) => {}
        }
        Ok(())
    }

    fn stage_unique(&mut self, slot: &Slot, before: &Face, id: &str) {
        for field in slot.unique {
            let (before, after) = (before.value(field), slot.after.value(field));
            if before == after {
                continue;
            }
            let key = unique_key(slot.collection, field);
            if let Some(value) = before {
                self.command(&["HDEL", &key, &value]);
            }
            if let Some(value) = after {
                self.check(&key, &value, "");
                self.command(&["HSET", &key, &value, id]);
            }
        }
    }

    fn stage_indexes(&mut self, slot: &Slot, before: &Face, id: &str) {
        let collection = slot.collection;
        let ids = format!("{collection}:ids");
        match (before.resource.is_some(), slot.after.resource.is_some()) {
            (false, true) => self.command(&["ZADD", &ids, id, id]),
            (true, false) => self.command(&["ZREM", &ids, id]),
            _ => {}
        }
        let entries = |face: &Face| {
            face.resource
                .as_ref()
                .map(|resource| index::entries(resource, slot.id))
                .unwrap_or_default()
        };
        let (before, after) = (entries(before), entries(&slot.after));
        for (field, member) in before.iter().filter(|entry| !after.contains(entry)) {
            let key = format!("{collection}:by:{field}");
            self.commands.list(&[b"ZREM", key.as_bytes(), member]);
        }
        for (field, member) in after.iter().filter(|entry| !before.contains(entry)) {
            let key = format!("{collection}:by:{field}");
            self.commands.list(&[b"ZADD", key.as_bytes(), b"0", member]);
        }
    }
}

/// A number as a check expects it: 0 is where nothing is written yet.
fn expected(number: u64) -> String {
    if number == 0 { String::new() } else { number.to_string() }
}

/// What a rejection leaves behind: the number of the event and the reason, the latest thousand.
pub(crate) fn record_refusal(work: &mut Work, number: u64, rejection: &Rejection) {
    let note = json!({"event": number, "reason": rejection.detail}).to_string();
    work.command(&["XADD", "refusals", "MAXLEN", "~", "1000", "*", "n", &note]);
}
