use crate::{
    app::{Action, App, Folder},
    metrics::number,
};
use madang_testing::spin_manifest;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

const CERTIFICATE: &str = include_str!("tls/certificate.pem");
const KEY: &str = include_str!("tls/key.pem");
/// Another one, for the same name.
const OTHER: (&str, &str) =
    (include_str!("tls/other-certificate.pem"), include_str!("tls/other-key.pem"));
const FLAGS: [&str; 4] = ["--tls-cert", "certificate.pem", "--tls-key", "key.pem"];

fn folder(key: &str) -> Folder {
    let folder = Folder::new(&[("echo", Action::Echo("spin-full-url"))], "");
    fs::write(folder.path().join("certificate.pem"), CERTIFICATE).unwrap();
    fs::write(folder.path().join("key.pem"), key).unwrap();
    folder
}

/// What a client that trusts the certificate is answered.
fn ask(app: &App, path: &str) -> String {
    ask_trusting(CERTIFICATE, app, path).unwrap()
}

fn ask_trusting(certificate: &str, app: &App, path: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(address(app)).unwrap());
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn address(app: &App) -> String {
    app.running()["http"].as_str().unwrap().strip_prefix("https://").unwrap().to_owned()
}

#[test]
fn an_application_is_served_by_https() {
    let folder = folder(KEY);
    let app = folder.up(&FLAGS);
    let answer = ask(&app, "/echo?q=1");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("echo: https://localhost/echo?q=1\r\n"), "{answer}");
    assert!(ask(&app, "/.well-known/spin/health").ends_with("OK"));
    // One who does not speak TLS gets no answer, and holds up nobody.
    let mut plain = TcpStream::connect(address(&app)).unwrap();
    plain.write_all(b"GET /echo HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));
    let silent = TcpStream::connect(address(&app)).unwrap();
    assert!(ask(&app, "/echo").starts_with("HTTP/1.1 200"));
    drop(silent);
    assert!(app.stop().0);
}

#[test]
fn a_component_calls_its_application_by_https() {
    let folder = Folder::with_manifest(
        r#"
spin_manifest_version = 2
application.name = "test"
[variables]
base_url = { required = true }
[[trigger.http]]
route = "/call"
component = "call"
[[trigger.http]]
route = "/far/..."
component = "echo"
[component.echo]
source = "echo.wasm"
[component.call]
source = "call.wasm"
allowed_outbound_hosts = ["http://self"]
variables = { base_url = "{{ base_url }}" }
"#,
    );
    folder.build("call", &Action::Call("self.alt"));
    folder.build("echo", &Action::Echo("spin-full-url"));
    fs::write(folder.path().join("certificate.pem"), CERTIFICATE).unwrap();
    fs::write(folder.path().join("key.pem"), KEY).unwrap();
    let app = folder.up(&FLAGS);
    let answer = ask(&app, "/call");
    let expected = format!("echo: https://{}/far/away?q=1\r\n", address(&app));
    assert!(answer.contains(&expected), "{answer}");
}

#[test]
fn a_reload_takes_a_renewed_certificate() {
    let folder = folder(KEY);
    let app = folder.up(&FLAGS);
    assert!(ask_trusting(OTHER.0, &app, "/echo").is_err());
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("certificate.pem", OTHER.0);
    let (reloaded, said) = folder.run(&["reload"]);
    assert!(!reloaded && said.contains("do not go together"), "{said}");
    assert!(ask(&app, "/echo").starts_with("HTTP/1.1 200"));
    write("key.pem", OTHER.1);
    assert!(folder.run(&["reload"]).0);
    assert!(ask_trusting(OTHER.0, &app, "/echo").unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn the_commands_know_the_application_by_its_certificate() {
    const DELIVERY: &str = "bookrent-delivery";
    let folder = folder(KEY);
    let manifest = spin_manifest();
    let config = format!(
        "state_dir = \".madang\"\n[key_value_store.{DELIVERY}]\ntype = \"spin\"\npath = \"store.db\"\n"
    );
    fs::write(folder.path().join("runtime-config.toml"), config).unwrap();
    let chosen = [
        ["--from", manifest.to_str().unwrap()],
        ["--component-id", DELIVERY],
        ["--runtime-config-file", "runtime-config.toml"],
        ["--variable", "service_token=secret"],
    ];
    let app = folder.up(&[&FLAGS[..], &chosen.concat()].concat());
    let reached = |app: &App| {
        let (success, said) = folder.run(&["breakers", "--json"]);
        assert!(success, "{said}");
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said[DELIVERY], json!({ "breakers": [], "shed": 0 }));
        let (success, said) = folder.run(&["dead-letters", "list"]);
        assert!(success, "{said}");
        let (_, _, metrics) = app.told("/metrics");
        let up = format!("madang_component_up{{component=\"{DELIVERY}\",system=\"bookrent\"}}");
        assert_eq!(number(&metrics, &up), Some(1.0), "{metrics}");
    };
    reached(&app);
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("certificate.pem", OTHER.0);
    write("key.pem", OTHER.1);
    let (success, said) = folder.run(&["reload"]);
    assert!(success, "{said}");
    reached(&app);

    // Who shows another is not told the service token.
    let file = folder.path().join(".madang/running.json");
    let mut running = app.running();
    running["certificate"] = CERTIFICATE.into();
    fs::write(&file, running.to_string()).unwrap();
    let (success, said) = folder.run(&["dead-letters", "list"]);
    assert!(!success && said.contains("invalid peer certificate"), "{said}");
}

#[test]
fn faults_of_the_certificate_are_named() {
    for (key, arguments, expected) in [
        (KEY, &FLAGS[..2], "--tls-key <TLS_KEY>"),
        (
            KEY,
            &["--tls-cert", "none.pem", "--tls-key", "key.pem"],
            "--tls-cert none.pem: cannot read",
        ),
        ("nothing", &FLAGS, "--tls-key: the file is no private key in PEM"),
        (OTHER.1, &FLAGS, "--tls-cert and --tls-key do not go together"),
    ] {
        let said = folder(key).refused(arguments);
        assert!(said.contains(expected), "{said}");
    }
}
