use super::*;

const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"a\"\n";

fn error(rest: &str) -> String {
    format!("{:#}", Manifest::parse(&format!("{HEAD}{rest}")).unwrap_err())
}

fn component_error(keys: &str) -> String {
    error(&format!(
        "[[trigger.http]]\nroute = \"/a\"\ncomponent = \"a\"\n[component.a]\nsource = \
         \"a.wasm\"\n{keys}"
    ))
}

#[test]
fn a_whole_manifest_is_read() {
    let manifest = Manifest::parse(
        r#"
spin_manifest_version = 2
[application]
name = "shop"
version = "1.0.0"
description = "d"
authors = ["me"]
[application.trigger.redis]
address = "redis://{{ host }}"
[application.tool.other]
anything = 1
[variables]
host = { default = "127.0.0.1", secret = true }
token = { required = true }
[[trigger.http]]
id = "x"
route = "/shop/..."
component = "shop-cart"
executor = { type = "http" }
[[trigger.http]]
route = { private = true }
component = "shop-cart"
[[trigger.redis]]
channel = "shop"
component = "shop-cart"
[component.shop-cart]
source = "cart.wasm"
allowed_outbound_hosts = ["redis://{{ host }}"]
key_value_stores = ["default"]
files = ["assets/*", { source = "pages", destination = "/" }]
exclude_files = ["**/*.md"]
environment = { LANG = "ko" }
variables = { token = "{{ token }}" }
build = { command = "make" }
[component.shop-cart.tool.madang]
ready = "/ready"
doorbell = true
redis_keys = ["cart:*"]
"#,
    )
    .unwrap();
    let cart = &manifest.components["shop-cart"];
    assert_eq!(cart.source(), Path::new("cart.wasm"));
    assert_eq!(cart.settings().ready.as_deref(), Some("/ready"));
    assert!(cart.settings().doorbell);
    assert_eq!(cart.files.len(), 2);
    assert_eq!(cart.environment["LANG"], "ko");
    assert!(matches!(manifest.triggers.http[1].route, RouteConfig::Private { private: true }));
    assert_eq!(manifest.triggers.redis[0].channel, "shop");
    assert_eq!(manifest.settings().ready_interval_ms, 1000);
}

#[test]
fn unknown_keys_are_named_with_their_place() {
    let text = component_error("alowed_outbound_hosts = []\n");
    assert!(text.contains("line 9"), "{text}");
    assert!(text.contains("unknown field `alowed_outbound_hosts`"), "{text}");
    assert!(text.ends_with(", did you mean `allowed_outbound_hosts`?"), "{text}");
    let text = component_error("[component.a.tool.madang]\nredy = \"/\"\n");
    assert!(text.contains("unknown field `redy`"), "{text}");
    assert!(text.ends_with(", did you mean `ready`?"), "{text}");
    let text = component_error("[component.a.tool.madang]\nmax_request = 1\n");
    assert!(text.ends_with(", did you mean `max_requests`?"), "{text}");
    let text = error("tool.madang.max_requets = 1\n");
    assert!(text.ends_with(", did you mean `max_requests`?"), "{text}");
    let text = component_error("[component.a.tool.madang]\nmax_requests = true\n");
    assert!(text.contains("write a whole number, or a text such as \"{{ name }}\""), "{text}");
}

#[test]
fn what_is_not_supported_is_named_with_a_mend() {
    for (keys, expected) in [
        ("ai_models = [\"x\"]", "[component.a]: `ai_models` is not supported: call"),
        ("files = [1]", "an entry is a pattern such as"),
        ("environment = { A = 1 }", "expected a string"),
        ("dependencies = { \"a:b\" = \"1\" }", "`dependencies` is not supported"),
        ("variables = { Bad = \"1\" }", "variables: \"Bad\""),
        ("[component.a.tool.madang]\nready = \"x\"", "must start with `/`"),
        ("[component.a.tool.madang]\nredis_keys = [\"a +@all\"]", "is no Redis pattern"),
    ] {
        let text = component_error(keys);
        assert!(text.contains(expected), "{keys}: {text}");
    }
}

#[test]
fn triggers_are_checked() {
    for (rest, expected) in [
        ("[[trigger.mqtt]]\ntopic = \"a\"", "the trigger kind `mqtt` is not supported"),
        (
            "[[trigger.http]]\nroute = \"/\"\ncomponent = \"b\"\n[component.a]\nsource = \"a\"",
            "the component `b`, which",
        ),
        (
            "[[trigger.http]]\nroute = 1\ncomponent = \"a\"\n[component.a]\nsource = \"a\"",
            "a route is a text such as",
        ),
        (
            "[[trigger.http]]\nroute = {private = false}\ncomponent = \
             \"a\"\n[component.a]\nsource = \"a\"",
            "write `route = { private = true }`",
        ),
        (
            "[[trigger.http]]\nroute = \"/\"\nexecutor = {type=\"wagi\"}\ncomponent = \
             \"a\"\n[component.a]\nsource = \"a\"",
            "the executor \"wagi\" is not supported",
        ),
        (
            "[[trigger.http]]\nroute = \"/\"\nstatic_response = { status_code = 404 }",
            "`static_response` is not supported: answer it by a component",
        ),
        ("[[trigger.http]]\nroute = \"/\"", "[[trigger.http]] names no `component`"),
        (
            "[[trigger.http]]\nroute = \"/\"\ncomponent = { source = \"a\" }",
            "that is written in its trigger is not supported: give it a table",
        ),
        (
            "[application.trigger.http]\nbase = \"/a\"\n[[trigger.http]]\nroute = \"/\"",
            "write \"/a\" before each route",
        ),
        (
            "[[trigger.redis]]\nchannel = \"c\"\ncomponent = \"a\"\n[component.a]\nsource = \"a\"",
            "has no server",
        ),
        (
            "[[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n[component.a]\nsource = { url = \
             \"u\", digest = \"d\" }",
            "`source` by URL is not supported: fetch the file",
        ),
    ] {
        let text = error(rest);
        assert!(text.contains(expected), "{rest}: {text}");
    }
}

#[test]
fn a_variable_is_required_or_has_a_default() {
    for variable in ["{}", "{ required = true, default = \"1\" }"] {
        let text = error(&format!(
            "[variables]\nv = {variable}\n[[trigger.http]]\nroute=\"/\"\ncomponent=\"a\""
        ));
        assert!(text.contains("`v` must have either"), "{text}");
    }
}
