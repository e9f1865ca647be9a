//! What a system's AsyncAPI document says of its events.

use madang_testing::repository;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

/// The AsyncAPI document of a system.
pub struct AsyncApi(Value);

impl AsyncApi {
    /// Reads it.
    #[track_caller]
    pub fn read(system: &str) -> Self {
        let path = repository().join("docs/contracts").join(system).join("asyncapi.json");
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self(serde_json::from_str(&text).expect("the document is JSON"))
    }

    /// The names of the events.
    pub fn events(&self) -> BTreeSet<String> {
        let messages = self.0["components"]["messages"].as_object().expect("it has messages");
        messages.keys().cloned().collect()
    }

    /// The contexts that hear any.
    pub fn hearing(&self) -> BTreeSet<&str> {
        self.hears().filter_map(|operation| operation["title"].as_str()).collect()
    }

    /// The contexts that hear an event.
    pub fn hearing_of(&self, event: &str) -> BTreeSet<&str> {
        let end = format!("/messages/{event}");
        let of = self.hears().filter(|operation| {
            let mut messages = operation["messages"].as_array().into_iter().flatten();
            messages.any(|message| message["$ref"].as_str().is_some_and(|at| at.ends_with(&end)))
        });
        of.filter_map(|operation| operation["title"].as_str()).collect()
    }

    /// The fields that an event always has.
    pub fn required_of(&self, event: &str) -> Vec<&str> {
        let required = self.own(event)["properties"]["data"]["required"].as_array();
        required.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn hears(&self) -> impl Iterator<Item = &Value> {
        let operations = self.0["operations"].as_object().into_iter();
        operations.flat_map(|all| all.values()).filter(|one| one["action"] == "receive")
    }

    /// What is wrong with an event as it is told today. A consumer has to bear members and fields that it
    /// does not know; here each has to be one of the document's, and there.
    pub fn faults_of_newest(&self, name: &str, event: &Value) -> Vec<String> {
        let payload = json!({"$ref": format!("#/components/messages/{name}/payload")});
        let mut faults = self.faults(&payload, event);
        let own = &self.own(name)["properties"];
        let envelope = &self.0["components"]["schemas"]["CloudEvent"]["properties"];
        for (at, found, said) in
            [("", event, envelope), ("data.", &event["data"], &own["data"]["properties"])]
        {
            let (found, said) = (members(found), members(said));
            faults.extend(found.difference(&said).map(|it| format!("{at}{it} is not in WIT")));
            faults.extend(said.difference(&found).map(|it| format!("{at}{it} is missing")));
        }
        faults
    }

    /// What is wrong with an event as it was told once: all but its fields is as today.
    pub fn faults_of_former(&self, name: &str, event: &Value) -> Vec<String> {
        let mut own = self.own(name).clone();
        let data = own["properties"]["data"].as_object_mut().expect("an event has data");
        data.remove("required");
        let fields = data["properties"].as_object_mut().expect("data has fields");
        fields.retain(|field, _| ["eventType", "timestamp"].contains(&field.as_str()));
        let envelope = json!({"$ref": "#/components/schemas/CloudEvent"});
        self.faults(&json!({"allOf": [envelope, own]}), event)
    }

    /// What is an event's own in the schema of its payload.
    fn own(&self, name: &str) -> &Value {
        &self.0["components"]["messages"][name]["payload"]["allOf"][1]
    }

    fn faults(&self, schema: &Value, event: &Value) -> Vec<String> {
        let mut schema = schema.clone();
        schema["components"] = self.0["components"].clone();
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let validator = options.build(&schema).expect("the document has JSON Schemas");
        validator.iter_errors(event).map(|e| format!("{}: {e}", e.instance_path())).collect()
    }
}

fn members(of: &Value) -> BTreeSet<&str> {
    of.as_object().into_iter().flat_map(|of| of.keys().map(String::as_str)).collect()
}
