//! Components linked with each other by their typed functions.

use crate::{neighbours, value};
use anyhow::{Context, Result};
use madang_host::guest::{
    code,
    failure::Failure,
    faults::Trigger,
    state::{Guest, Host, State},
};
use serde_json::Value;
use std::sync::{Arc, Mutex, Weak};
use wasmtime::component::{ComponentExportIndex, InstancePre, Type, Val, types::ComponentItem};

/// What a typed function answers: its value, or its problem.
pub type Answer = Result<Value, Value>;

/// A function that a component exports.
pub struct Export {
    /// Its component.
    pub guest: Arc<Guest>,
    /// `madang:bookrent/books@1.0.0`.
    pub interface: String,
    /// `check-and-change-status`.
    pub function: String,
    /// Its parameters.
    pub params: Vec<(String, Type)>,
    index: ComponentExportIndex,
    component: InstancePre<State>,
}

/// The components of an application.
pub struct Linked {
    /// What gives them what they import.
    pub host: Arc<Host>,
    /// All of their functions.
    pub exports: Vec<Export>,
    /// The paths that they have asked each other at, in order.
    pub asked: Mutex<Vec<String>>,
}

impl Linked {
    /// Links the host's components.
    pub fn new(host: Arc<Host>) -> Result<Arc<Self>> {
        let mut failed = None;
        let linked = Arc::new_cyclic(|linked| {
            let mut exports = Vec::new();
            for guest in host.guests() {
                match exports_of(guest, &host, linked).with_context(|| guest.id.clone()) {
                    Ok(own) => exports.extend(own),
                    Err(error) => failed = Some(error),
                }
            }
            let place = |export: &Export| (export.guest.id.clone(), export.interface.clone());
            exports.sort_by_cached_key(place);
            Self { host, exports, asked: Mutex::default() }
        });
        failed.map_or(Ok(linked), Err)
    }

    /// Calls a function in a fresh instance.
    ///
    /// # Errors
    /// How the instance ended without an answer.
    pub async fn call(&self, export: &Export, arguments: Vec<Val>) -> Result<Answer, Failure> {
        let run = |mut store| async move {
            let instance = export.component.instantiate_async(&mut store).await?;
            let function = instance.get_func(&mut store, export.index);
            let function = function.ok_or_else(|| wasmtime::Error::msg("it is no function"))?;
            let mut results = [Val::Bool(false)];
            function.call_async(&mut store, &arguments, &mut results).await?;
            Ok(results)
        };
        let [result] = self.host.wake(&export.guest, Trigger::Http, run).await?;
        let json = |value: Option<Box<Val>>| value.as_deref().map_or(Value::Null, value::to_json);
        match result {
            Val::Result(result) => Ok(result.map(json).map_err(json)),
            other => Ok(Ok(value::to_json(&other))),
        }
    }
}

/// The functions of a component that is linked with what the host gives, but for requests: those go to `linked`.
fn exports_of(guest: &Arc<Guest>, host: &Host, linked: &Weak<Linked>) -> Result<Vec<Export>> {
    let engine = host.engine();
    let code = code::load(engine, &guest.plan.artifact)?;
    let component = neighbours::link(&code, host, linked)?;
    let mut found = Vec::new();
    for (interface, item) in code.component_type().exports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        let folder = code.get_export_index(None, interface);
        for (function, item) in instance.exports(engine) {
            let ComponentItem::ComponentFunc(kind) = item.ty else { continue };
            let index = code.get_export_index(folder.as_ref(), function);
            found.push(Export {
                guest: guest.clone(),
                interface: interface.to_owned(),
                function: function.to_owned(),
                params: kind.params().map(|(name, ty)| (name.to_owned(), ty)).collect(),
                index: index.context("an export without an index")?,
                component: component.clone(),
            });
        }
    }
    Ok(found)
}
