//! AsyncAPI 3.0: what is told on a system's channel, by whom, and who hears it.

use anyhow::{Context, Result};
use heck::ToLowerCamelCase;
use serde_json::{Map, Value, json};

use crate::Routes;
use crate::wit::Records;

/// The document of a system.
///
/// # Errors
/// An event that WIT does not have, or that is heard and told by nobody.
pub fn document(system: &str, contexts: &[Routes], records: &Records) -> Result<Value> {
    let mut messages = Map::new();
    let mut operations = Map::new();
    let at_channel = |event: &str| json!({"$ref": format!("#/channels/{system}/messages/{event}")});
    for context in contexts {
        for event in &context.tells {
            let interface = format!("{}_events", context.context.replace('-', "_"));
            let name = format!("{interface}::{event}");
            let record =
                records.get(&name).with_context(|| format!("there is no WIT record {name}"))?;
            let mut data = record.schema();
            data["properties"]["eventType"] = json!({"const": event});
            data["properties"]["timestamp"] = json!({"type": "string", "pattern": "^\\d{14}$", "description": "yyyyMMddHHmmss, UTC."});
            let payload = json!({"allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {"type": "object", "properties": {
                    "type": {"const": event},
                    "source": {"const": format!("/{system}/{}", context.context)},
                    "data": data,
                }},
            ]});
            messages.insert(
                event.clone(),
                json!({
                    "name": event,
                    "summary": record.docs,
                    "contentType": "application/json",
                    "correlationId": {"location": "$message.payload#/correlationid"},
                    "payload": payload,
                }),
            );
        }
    }
    for context in contexts {
        let id = context.context.to_lower_camel_case();
        for (verb, action, events) in
            [("Tells", "send", &context.tells), ("Hears", "receive", &context.hears)]
        {
            if let Some(unknown) = events.iter().find(|event| !messages.contains_key(*event)) {
                anyhow::bail!("{} hears {unknown}, which nobody tells", context.context);
            }
            if !events.is_empty() {
                operations.insert(
                    format!("{id}{verb}"),
                    json!({
                        "action": action,
                        "title": context.context,
                        "channel": {"$ref": format!("#/channels/{system}")},
                        "messages": events.iter().map(|event| at_channel(event)).collect::<Value>(),
                    }),
                );
            }
        }
    }
    let reference =
        |event: &String| (event.clone(), json!({"$ref": format!("#/components/messages/{event}")}));
    let at: Map<_, _> = messages.keys().map(reference).collect();
    Ok(json!({
        "asyncapi": "3.0.0",
        "info": {"title": system, "version": "1.0.0"},
        "defaultContentType": "application/json",
        "channels": {system: {
            "address": system,
            "description": format!(
                "A Redis channel. It rings; the events are in the stream `{{{system}}}:log`, in order."
            ),
            "messages": at,
        }},
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {"CloudEvent": cloud_event()},
        },
    }))
}

fn cloud_event() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "description": "CloudEvents 1.0 in JSON.",
        "properties": {
            "id": text("Unique within `source`."),
            "source": text("The context."),
            "specversion": {"const": "1.0"},
            "type": text("The event's name."),
            "subject": text("The aggregate: `rents/1`."),
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "traceparent": text("W3C trace context."),
            "correlationid": text("The saga: the id of its first command."),
            "causationid": text("The event or command that caused it."),
            "data": {"type": "object"},
        },
        "required": [
            "id", "source", "specversion", "type", "subject", "time", "datacontenttype", "traceparent",
            "correlationid", "causationid", "data",
        ],
    })
}
