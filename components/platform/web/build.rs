//! Takes in, from the systems' AsyncAPI documents, which context tells and hears which events.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

/// The systems that have pages.
const SYSTEMS: [&str; 5] = ["bookrent", "kvaccine", "lecture", "outerpark", "professor"];

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/contracts");
    let mut table = String::new();
    for name in SYSTEMS {
        let path = folder.join(name).join("asyncapi.json");
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let document: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let parts = [("send", "tells"), ("receive", "hears")]
            .map(|(action, name)| format!("{name}: &[{}]", pairs(&document, action).join(", ")));
        table += &format!("Topology {{ system: {name:?}, {} }},", parts.join(", "));
    }
    let table = format!("static TOPOLOGIES: &[Topology] = &[{table}];");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the folder"));
    fs::write(out.join("topology.rs"), table).expect("the table is written");
}

/// The contexts that do this, each with each event that it does it with.
fn pairs(document: &Value, action: &str) -> Vec<String> {
    let operations = document["operations"].as_object().into_iter().flat_map(|all| all.values());
    let mut pairs = Vec::new();
    for operation in operations.filter(|operation| operation["action"] == action) {
        let context = operation["title"].as_str().expect("an operation is titled by its context");
        for message in operation["messages"].as_array().into_iter().flatten() {
            let at = message["$ref"].as_str().expect("a message is referred to");
            let event = at.rsplit('/').next().unwrap_or_default();
            pairs.push(format!("({context:?}, {event:?})"));
        }
    }
    pairs
}
