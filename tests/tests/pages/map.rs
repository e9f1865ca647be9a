//! The map is of what there is: every call and every event that the contexts themselves say, and nothing else.

use std::collections::BTreeSet;

use madang_testing::{repository, spin_manifest};
use serde_json::Value;
use std::fs;

use crate::support::SHARED;

/// The contexts of a system.
fn contexts(system: &str) -> Vec<String> {
    let folder = repository().join("components").join(system);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn the_map_shows_what_the_contexts_say() {
    let manifest = fs::read_to_string(spin_manifest()).unwrap();
    let host = SHARED.host();
    let client = host.client();
    for system in ["bookrent", "outerpark", "kvaccine", "professor", "lecture"] {
        let tables: Vec<Value> = contexts(system)
            .iter()
            .filter(|context| manifest.contains(&format!("[component.{system}-{context}]")))
            .map(|context| client.get(&format!("/{system}/-/{context}/routes")).expect(200).json())
            .collect();
        assert!(tables.len() >= 4, "{system}");
        let mut expected = BTreeSet::new();
        for from in &tables {
            let name = from["context"].as_str().unwrap();
            expected
                .extend(texts(&from["calls"]).iter().map(|to| format!("link-{name}-{to}-true")));
            for to in &tables {
                let heard = texts(&to["hears"]);
                if texts(&from["tells"]).iter().any(|event| heard.contains(event)) {
                    expected
                        .insert(format!("link-{name}-{}-false", to["context"].as_str().unwrap()));
                }
            }
        }
        let page = client.get(&format!("/pages/{system}/map")).expect(200).text();
        let rows = page.split("<tr id=\"").skip(1);
        let drawn: BTreeSet<String> =
            rows.map(|row| row.split('"').next().unwrap_or_default().to_owned()).collect();
        assert_eq!(drawn, expected, "{system}");
    }
}
