//! Lecture's alert in Python beside the one in Rust: the same on the wire and in Redis, and each goes on
//! where the other has stopped. `cargo xtask example alert-python` builds it and runs these.

mod same;
mod turns;

use madang_testing::system::System;
use madang_testing::{Host, HostBuilder, eventually, log, manifest_from_env, spin_manifest};
use madang_tests::SETTLING;
use redis::Connection;
use serde_json::{Value, json};
use std::path::PathBuf;

const COMPONENT: &str = "lecture-alert";

/// A host of the alert context alone.
fn alone(manifest: PathBuf) -> HostBuilder {
    Host::builder().manifest(manifest).arg("--component-id").arg(COMPONENT)
}

fn in_rust() -> HostBuilder {
    alone(spin_manifest())
}

fn in_python() -> HostBuilder {
    let manifest = manifest_from_env();
    alone(manifest.expect("`cargo xtask example alert-python` names the manifest and runs this"))
}

/// It tries each event once only.
fn once(builder: HostBuilder) -> HostBuilder {
    builder.variable("max_attempts", "1")
}

fn alert(host: &Host) -> System<'_> {
    System::of("lecture", host)
}

/// An event of a payment; without a student it cannot be handled.
fn approved(id: u64, student: Option<&str>) -> Value {
    let data = json!({"id": id, "classId": id, "courseId": 1, "fee": 100, "student": student,
        "textBook": "교재", "status": "CONFIRM", "eventType": "PaymentApproved"});
    json!({
        "id": format!("payments/{id}@1"), "source": "/lecture/pay", "specversion": "1.0",
        "type": "PaymentApproved", "subject": format!("payments/{id}"),
        "time": "2026-01-01T00:00:00.000Z", "datacontenttype": "application/json",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "correlationid": "saga", "causationid": "saga", "data": data,
    })
}

/// Tells an event of lecture.
fn tell(redis: &mut Connection, kind: &str, event: impl AsRef<[u8]>) {
    log::tell(redis, "lecture", kind, event);
}

fn tell_approved(redis: &mut Connection, id: u64, student: Option<&str>) {
    tell(redis, "PaymentApproved", approved(id, student).to_string());
}

/// Waits until the alert context has done all that it owes, messages included.
fn settle(system: &System) {
    system.follow("alert");
    eventually(SETTLING, || {
        let info = system.info("alert");
        if info["messages"]["waiting"] == 0 { Ok(()) } else { Err(info.to_string()) }
    });
}
