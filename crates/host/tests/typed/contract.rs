//! What components export is what WIT says.

use madang_testing::repository;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use wit_parser::{
    Function, Handle, Resolve, Type, TypeDefKind, WorldId, WorldItem,
    decoding::{DecodedWasm, decode},
};

/// A world's functions, `madang:bookrent/books@1.0.0#find`, with their types.
type Functions = BTreeMap<String, String>;

fn exports(resolve: &Resolve, world: WorldId) -> Functions {
    let mut found = Functions::new();
    for item in resolve.worlds[world].exports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = resolve.id_of(*id).unwrap_or_default();
        for (name, function) in &resolve.interfaces[*id].functions {
            found.insert(format!("{interface}#{name}"), signature(resolve, function));
        }
    }
    found
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let param =
        |param: &wit_parser::Param| format!("{}: {}", param.name, written(resolve, &param.ty));
    let params: Vec<_> = function.params.iter().map(param).collect();
    format!("func({}) -> {}", params.join(", "), maybe(resolve, function.result.as_ref()))
}

fn maybe(resolve: &Resolve, ty: Option<&Type>) -> String {
    ty.map_or("_".to_owned(), |ty| written(resolve, ty))
}

/// A type, written out down to what it is made of: names of records may differ where their fields do not.
fn written(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else { return format!("{ty:?}").to_lowercase() };
    let of = |ty: &Type| written(resolve, ty);
    let def = &resolve.types[*id];
    match &def.kind {
        TypeDefKind::Type(ty) => of(ty),
        TypeDefKind::Option(ty) => format!("option<{}>", of(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", of(ty)),
        TypeDefKind::Result(result) => format!(
            "result<{}, {}>",
            maybe(resolve, result.ok.as_ref()),
            maybe(resolve, result.err.as_ref())
        ),
        TypeDefKind::Record(record) => {
            let fields =
                record.fields.iter().map(|field| format!("{}: {}", field.name, of(&field.ty)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Enum(kind) => {
            let cases: Vec<_> = kind.cases.iter().map(|case| case.name.as_str()).collect();
            cases.join(" | ")
        }
        TypeDefKind::Handle(Handle::Own(of) | Handle::Borrow(of)) => {
            resolve.types[*of].name.clone().unwrap_or_default()
        }
        other => panic!("{other:?} is in a typed function: say in `written` how it is compared"),
    }
}

/// Every system and context: what has a world in `wit/<system>/<context>.wit`.
pub fn contexts() -> Vec<(String, String)> {
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    };
    let wit = repository().join("wit");
    let systems = names(&wit).into_iter().filter(|system| system != "platform");
    let contexts = systems.flat_map(|system| {
        let files = names(&wit.join(&system));
        let contexts =
            files.into_iter().filter_map(|file| Some(file.strip_suffix(".wit")?.to_owned()));
        contexts.map(move |context| (system.clone(), context)).collect::<Vec<_>>()
    });
    contexts.collect()
}

/// The world of a context.
fn world(system: &str, context: &str) -> (Resolve, WorldId) {
    let (mut resolve, wit) = (Resolve::default(), repository().join("wit"));
    let mut read = |path: &Path| {
        resolve.push_path(path).unwrap_or_else(|error| panic!("{}: {error:#}", path.display())).0
    };
    read(&wit.join("platform"));
    let package = read(&wit.join(system));
    let world = resolve.select_world(&[package], Some(context));
    let world = world.unwrap_or_else(|error| panic!("{system}: {error:#}"));
    (resolve, world)
}

/// The contexts that a context asks: its world imports their `…-calls`.
pub fn neighbours(system: &str, context: &str) -> Vec<String> {
    let (resolve, world) = world(system, context);
    let imports = resolve.worlds[world].imports.values().filter_map(|item| match item {
        WorldItem::Interface { id, .. } => resolve.interfaces[*id].name.as_deref(),
        _ => None,
    });
    let neighbours = imports.filter_map(|name| name.strip_suffix("-calls"));
    neighbours.filter(|neighbour| *neighbour != context).map(str::to_owned).collect()
}

/// What a component exports.
fn kept(path: &Path) -> Functions {
    let bytes = fs::read(path).unwrap_or_else(|error| {
        panic!("{}: {error}: build it, `cargo xtask build`", path.display())
    });
    match decode(&bytes) {
        Ok(DecodedWasm::Component(resolve, world)) => exports(&resolve, world),
        other => panic!("{} is no component: {:?}", path.display(), other.err()),
    }
}

#[test]
fn every_component_exports_what_its_world_says() {
    let application = crate::application::Application::start();
    let mut seen = 0;
    for (system, context) in contexts() {
        let guest = application.component(&format!("{system}-{context}"));
        let (resolve, world) = world(&system, &context);
        let (kept, promised) = (kept(&guest.plan.source), exports(&resolve, world));
        let typed = promised.keys().filter(|name| name.starts_with("madang:")).count();
        assert!(typed > 0, "{}: its world in wit/{system} exports no function", guest.id);
        for name in kept.keys().chain(promised.keys()) {
            assert_eq!(
                kept.get(name),
                promised.get(name),
                "{} exports {name} (left) otherwise than its world in wit/{system} (right): build it \
                 again, `cargo xtask build`",
                guest.id
            );
        }
        seen += typed;
    }
    // No other component has any.
    assert_eq!(application.typed().count(), seen);
}
