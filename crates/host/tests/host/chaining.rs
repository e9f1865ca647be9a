use crate::app::{Action, Folder};

const HEAD: &str = "spin_manifest_version = 2\napplication.name = \"test\"\n";

/// A caller at `/call`, granted `grant`, and a component `echo` that only others reach.
fn folder(target: &'static str, grant: &str, header: &'static str) -> Folder {
    let folder = Folder::with_manifest(&format!(
        "{HEAD}[[trigger.http]]\nroute = \"/call\"\ncomponent = \"call\"\n\
         [[trigger.http]]\nroute = {{ private = true }}\ncomponent = \"echo\"\n\
         [component.echo]\nsource = \"echo.wasm\"\n\
         [component.call]\nsource = \"call.wasm\"\nallowed_outbound_hosts = [{grant}]\n"
    ));
    folder.build("call", &Action::Call(target));
    folder.build("echo", &Action::Echo(header));
    folder
}

#[test]
fn a_component_calls_another_by_its_name() {
    // What Spin 4.1 says to such a component.
    for (header, expected) in [
        ("spin-full-url", "http://localhost/far/away?q=1"),
        ("spin-path-info", "/far/away"),
        ("spin-matched-route", "/..."),
        ("spin-raw-component-route", "/..."),
        ("spin-component-route", ""),
        ("spin-base-path", "/"),
        ("spin-client-addr", "0.0.0.0:0"),
    ] {
        let folder = folder("echo.spin.internal", "\"http://echo.spin.internal\"", header);
        let app = folder.up(&["--workers", "1"]);
        let answer = app.ask("/call", &[]);
        assert_eq!(answer.status(), 200, "{header}");
        assert_eq!(answer.headers()["echo"], expected, "{header}");
        assert_eq!(app.get("/far/away"), 404);
    }
}

#[test]
fn who_is_not_granted_or_not_there_is_not_reached() {
    for (target, grant, expected) in [
        ("echo.spin.internal", "\"http://*.spin.internal\"", 200),
        ("echo.spin.internal", "\"http://{{ name }}.spin.internal\"", 200),
        ("echo.spin.internal", "\"http://other.spin.internal\"", 502),
        ("echo.spin.internal", "\"http://self\"", 502),
        ("other.spin.internal", "\"http://other.spin.internal\"", 502),
    ] {
        let folder = folder(target, grant, "spin-path-info");
        let manifest = std::fs::read_to_string(folder.path().join("spin.toml")).unwrap();
        folder.write_manifest(&format!("{manifest}[variables]\nname = {{ default = \"echo\" }}\n"));
        let app = folder.up(&["--workers", "1"]);
        assert_eq!(app.get("/call"), expected, "{target} by {grant}");
        let errors = app.errors();
        let mend = match (target, expected) {
            (_, 200) => continue,
            ("echo.spin.internal", _) => "add \"http://echo.spin.internal\" to its",
            _ => "no [[trigger.http]] calls a component `other`: add one",
        };
        assert!(errors.contains(mend), "{target} by {grant}: {errors}");
    }
}

#[test]
fn an_application_calls_itself() {
    let folder = Folder::with_manifest(&format!(
        "{HEAD}[[trigger.http]]\nroute = \"/call\"\ncomponent = \"call\"\n\
         [[trigger.http]]\nroute = \"/far/...\"\ncomponent = \"echo\"\n\
         [component.echo]\nsource = \"echo.wasm\"\n\
         [component.call]\nsource = \"call.wasm\"\nallowed_outbound_hosts = [\"http://self\"]\n"
    ));
    folder.build("call", &Action::Call("self.alt"));
    folder.build("echo", &Action::Echo("spin-full-url"));
    let app = folder.up(&[]);
    let answer = app.ask("/call", &[]);
    let expected = format!("http://{}/far/away?q=1", app.address());
    assert_eq!(answer.headers()["echo"], expected.as_str());
}

#[test]
fn chaining_that_spin_refuses_is_refused() {
    let folder = folder("echo.spin.internal", "\"http://echo.spin.internal\"", "host");
    let said = folder.refused(&["--component-id", "call"]);
    assert!(
        said.contains(
            "[component.call]: allowed_outbound_hosts: \"http://echo.spin.internal\" chains"
        ) && said.contains("that --component-id leaves out: add them"),
        "{said}"
    );
    let manifest = std::fs::read_to_string(folder.path().join("spin.toml")).unwrap();
    folder.write_manifest(&format!(
        "{manifest}[[trigger.redis]]\naddress = \"redis://127.0.0.1:1\"\nchannel = \"c\"\n\
         component = \"call\"\n"
    ));
    let said = folder.refused(&[]);
    assert!(said.contains("which Spin refuses to one that a [[trigger.redis]] calls"), "{said}");
}
