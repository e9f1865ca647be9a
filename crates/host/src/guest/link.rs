//! What components may import.

use super::{
    bindings::{fermyon, spin, wasi},
    state::State,
};
use anyhow::{Result, bail};
use wasmtime::{
    Engine,
    component::{Component, HasSelf, Linker, types::ComponentItem},
};

/// A linker with everything that the host gives.
pub fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    fn own(state: &mut State) -> &mut State {
        state
    }
    fermyon::spin2_0_0::redis::add_to_linker::<_, HasSelf<State>>(&mut linker, own)?;
    fermyon::spin2_0_0::variables::add_to_linker::<_, HasSelf<State>>(&mut linker, own)?;
    fermyon::spin2_0_0::key_value::add_to_linker::<_, HasSelf<State>>(&mut linker, own)?;
    fermyon::spin2_0_0::sqlite::add_to_linker::<_, HasSelf<State>>(&mut linker, own)?;
    spin::sqlite::sqlite::add_to_linker::<_, HasSelf<State>>(&mut linker, own)?;
    wasi::keyvalue::store::add_to_linker::<_, HasSelf<State>>(&mut linker, own)?;
    wasi::keyvalue::batch::add_to_linker::<_, HasSelf<State>>(&mut linker, own)?;
    wasi::keyvalue::atomics::add_to_linker::<_, HasSelf<State>>(&mut linker, own)?;
    Ok(linker)
}

/// Refuses a component that imports what the host does not give, or lacks what its triggers call,
/// by name.
pub fn check(
    engine: &Engine,
    linker: &Linker<State>,
    component: &Component,
    http: bool,
    redis: bool,
) -> Result<()> {
    let kind = component.component_type();
    for (name, item) in kind.imports(engine) {
        // An interface of types only needs nothing of the host.
        let only_types = match &item.ty {
            ComponentItem::ComponentInstance(instance) => {
                instance.exports(engine).all(|(_, item)| matches!(item.ty, ComponentItem::Type(_)))
            }
            _ => false,
        };
        if !only_types && !given(name) {
            bail!(
                "it imports `{name}`, which this host does not give: build it without that, or \
                 run it on Spin"
            );
        }
    }
    // Finds a known interface with functions of another type or version.
    linker
        .instantiate_pre(component)
        .map_err(|error| anyhow::anyhow!("its imports do not fit this host: {error:#}"))?;
    let exports = |prefix: &str| {
        kind.exports(engine).any(|(name, item)| {
            name.starts_with(prefix) && matches!(item.ty, ComponentItem::ComponentInstance(_))
        })
    };
    if http && !exports("wasi:http/incoming-handler@0.2.") {
        bail!("a [[trigger.http]] calls it, but it does not export wasi:http/incoming-handler@0.2");
    }
    if redis && !exports("fermyon:spin/inbound-redis") {
        bail!("a [[trigger.redis]] calls it, but it does not export fermyon:spin/inbound-redis");
    }
    Ok(())
}

fn given(import: &str) -> bool {
    const GIVEN: [&str; 8] = [
        "fermyon:spin/redis@2.0.0",
        "fermyon:spin/variables@2.0.0",
        "fermyon:spin/key-value@2.0.0",
        "fermyon:spin/sqlite@2.0.0",
        "spin:sqlite/sqlite@3.0.0",
        "wasi:keyvalue/store@0.2.0-draft2",
        "wasi:keyvalue/batch@0.2.0-draft2",
        "wasi:keyvalue/atomics@0.2.0-draft2",
    ];
    let wasi = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];
    GIVEN.contains(&import)
        || import.split_once('/').is_some_and(|(package, interface)| {
            package.strip_prefix("wasi:").is_some_and(|name| wasi.contains(&name))
                && interface.split_once('@').is_some_and(|(_, version)| {
                    version.starts_with("0.2.") && !version.contains('-')
                })
        })
}
