//! Every typed function of every component, found in the components themselves.

use crate::{application::Application, contract, linked::Answer, value};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An id that nothing has.
const NOBODY: u64 = 999_999;

fn status(answer: &Answer) -> Option<u64> {
    answer.as_ref().err().and_then(|problem| problem["status"].as_u64())
}

#[test]
fn every_context_finds_nothing_where_nothing_is() {
    let application = Application::start();
    let mut finding = BTreeSet::new();
    for export in application.typed().filter(|export| export.function == "find") {
        let answer = application.call(export, &[NOBODY.into()]);
        let missing =
            json!({"status": 404, "title": "Not Found", "detail": "there is nothing of that id"});
        assert_eq!(answer, Err(missing), "{} {}", export.guest.id, export.interface);
        finding.insert(export.guest.id.clone());
    }
    for (system, context) in contract::contexts() {
        let id = format!("{system}-{context}");
        assert!(finding.contains(&id), "{id} exports no `find`: let its world in wit/ export one");
    }
}

/// Arguments that say as little as they can are refused or taken, and nobody fails of them.
#[test]
fn every_function_answers() {
    let application = Application::start();
    for export in application.typed() {
        let arguments: Vec<Value> = export.params.iter().map(|(_, ty)| value::empty(ty)).collect();
        let answer = application.call(export, &arguments);
        assert!(
            answer.is_ok() || status(&answer).is_some_and(|status| (400..500).contains(&status)),
            "{} {}{arguments:?} answers {answer:?}: only what was asked may be wrong",
            export.interface,
            export.function
        );
    }
}
