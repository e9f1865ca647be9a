//! What a component asks its neighbours, which leaves it as a request: taken off before it is one, and put to
//! the neighbour's typed function.
//!
//! The host's linker is the place for it. Plugging one component into another (`wac`) needs an import to plug
//! into, and a context imports no neighbour; a component in between would have to bring all of `wasi:http/types`
//! and its streams itself, since of an outgoing request only the host can read what was written.

use crate::{linked::Linked, value};
use anyhow::Result;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use madang_host::{
    guest::{
        call::full,
        faults::Life,
        link,
        state::{Guest, Host, State},
    },
    problem,
};
use serde_json::Value;
use std::sync::{Arc, Weak};
use wasmtime::{
    StoreContextMut,
    component::{Component, InstancePre, LinkerInstance, Resource, Type},
};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
    p2::{
        bindings::http::{outgoing_handler, types::ErrorCode},
        types::{HostFutureIncomingResponse, HostOutgoingRequest},
    },
};

/// Links a component with all that the host gives, but for requests: those go to `linked`, whatever their
/// address.
pub fn link(
    component: &Component,
    host: &Host,
    linked: &Weak<Linked>,
) -> Result<InstancePre<State>> {
    let mut linker = link::linker(host.engine())?;
    linker.allow_shadowing(true);
    for (name, _) in component.component_type().imports(host.engine()) {
        if name.starts_with("wasi:http/outgoing-handler@") {
            take_off(&mut linker.instance(name)?, linked.clone())?;
        }
    }
    Ok(linker.instantiate_pre(component)?)
}

fn take_off(handler: &mut LinkerInstance<State>, linked: Weak<Linked>) -> wasmtime::Result<()> {
    type Asked = (Resource<HostOutgoingRequest>, Option<Resource<RequestOptions>>);
    type Handled = Result<Resource<HostFutureIncomingResponse>, ErrorCode>;

    handler.func_wrap("handle", move |mut store: StoreContextMut<State>, asked: Asked| {
        let (state, (request, options)) = (store.data_mut(), asked);
        let mut hooks = Neighbours {
            linked: linked.clone(),
            guest: state.outbound.guest.clone(),
            life: state.outbound.life.clone(),
        };
        let mut view = WasiHttpCtxView { hooks: &mut hooks, ..state.http() };
        let handled: Handled = match outgoing_handler::Host::handle(&mut view, request, options) {
            Ok(response) => Ok(response),
            Err(error) => Err(error.downcast()?),
        };
        Ok((handled,))
    })
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// Where an instance's requests go.
struct Neighbours {
    linked: Weak<Linked>,
    guest: Arc<Guest>,
    life: Arc<Life>,
}

impl WasiHttpHooks for Neighbours {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io), Error>> + Send> {
        let (linked, guest, life) = (self.linked.clone(), self.guest.clone(), self.life.clone());
        Box::new(async move {
            let linked = linked.upgrade().ok_or(Error::DestinationUnavailable)?;
            let response = linked.answer(request).await;
            life.performed(&guest.faults).await;
            let io: Io = Box::new(async { Ok(()) });
            Ok((response, io))
        })
    }
}

impl Linked {
    /// Answers what a component asks at `/<system>/-/<context>/<question>`, by the function of that name.
    async fn answer(&self, request: Request<WasiBody>) -> Response<WasiBody> {
        let path = request.uri().path().to_owned();
        self.asked.lock().expect("nobody failed with it").push(path.clone());
        let refuse = |status, why: &str| problem::at(&path, status, why);
        let key = request.headers().get("idempotency-key").cloned();
        let key = key.and_then(|key| Some(Value::from(key.to_str().ok()?)));
        let words: Vec<_> = path.split('/').collect();
        let export = match words[..] {
            ["", system, "-", context, question] => self.exports.iter().find(|export| {
                export.guest.id == format!("{system}-{context}") && export.function == question
            }),
            _ => None,
        };
        let Some(export) = export else {
            return refuse(StatusCode::NOT_IMPLEMENTED, "No component exports a function for it.");
        };
        let Ok(body) = request.into_body().collect().await else {
            return refuse(StatusCode::BAD_REQUEST, "The body broke off.");
        };
        let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        let argument = |(name, ty): &(String, Type)| match name.as_str() {
            "key" => value::from_json(key.as_ref().unwrap_or(&Value::Null), ty),
            _ => value::from_json(&body, ty),
        };
        let arguments: Result<_, String> = export.params.iter().map(argument).collect();
        let arguments = match arguments {
            Ok(arguments) => arguments,
            Err(why) => return refuse(StatusCode::BAD_REQUEST, &why),
        };
        match self.call(export, arguments).await {
            Ok(Ok(value)) => Response::new(full(value.to_string())),
            Ok(Err(problem)) => {
                let status = problem["status"].as_u64().and_then(|status| status.try_into().ok());
                let status = status.and_then(|status| StatusCode::from_u16(status).ok());
                let detail = problem["detail"].as_str().unwrap_or_default();
                refuse(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), detail)
            }
            Err(failure) => problem::failure(&path, &failure),
        }
    }
}
