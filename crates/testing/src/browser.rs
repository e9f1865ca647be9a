//! A browser of a test's own: Chromium without a window, over WebDriver (W3C) and, for what that lacks, the DevTools
//! protocol. Waiting is built in: what a test looks for may take until [`PATIENCE`] has passed.

mod look;

pub use look::Look;

use crate::client::{Answer, Client};
use crate::process::{Process, tail};
use crate::redis::free_port;
use crate::wait::eventually;
use serde_json::{Value, json};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// How long something may take to show up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The W3C's name for an element's reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running browser with one page.
#[derive(Debug)]
pub struct Browser {
    session: Client,
    address: String,
    base: String,
    _driver: Process,
    _dir: TempDir,
}

/// Keys that have no character.
pub mod keys {
    /// Tab.
    pub const TAB: &str = "\u{e004}";
    /// Enter.
    pub const ENTER: &str = "\u{e007}";
    /// Space.
    pub const SPACE: &str = " ";
}

impl Browser {
    /// Starts one whose addresses begin with `base` (`http://127.0.0.1:3000`).
    ///
    /// # Panics
    /// Like all of these: where the driver does not do what it is told. Here, too, where chromedriver or Chromium is
    /// missing, which `cargo xtask test` installs.
    #[track_caller]
    pub fn start(base: &str, look: Look) -> Self {
        let dir = tempfile::Builder::new().prefix("madang-browser-").tempdir().expect("temp dir");
        let port = free_port();
        let mut command = Command::new("chromedriver");
        // Chromium keeps its files below the folder that it takes for the user's.
        command.arg(format!("--port={port}")).env("HOME", dir.path()).env("TMPDIR", dir.path());
        let log = dir.path().join("chromedriver.log");
        let mut driver = Process::spawn(&mut command, &log, "TERM")
            .unwrap_or_else(|e| panic!("chromedriver: {e}; `cargo xtask test` installs it"));
        let client = Client::new(format!("http://127.0.0.1:{port}"));
        eventually(PATIENCE, || match driver.ended() {
            Some(status) => panic!("chromedriver ended with {status}\n{}", tail(&driver.printed())),
            None => client.send("GET", "/status", None).map(drop),
        });
        let script = if look.scripts { 1 } else { 2 };
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                    "--no-proxy-server", "--disable-background-networking", "--no-first-run",
                    format!("--window-size={},{}", look.size.0, look.size.1),
                    format!("--user-data-dir={}", dir.path().join("profile").display()),
                ],
                "prefs": {
                    "intl.accept_languages": look.lang,
                    "profile.managed_default_content_settings.javascript": script,
                },
            },
        }}});
        let answer = client.post("/session", capabilities);
        let id = answer.json()["value"]["sessionId"].as_str().map(str::to_owned);
        let id = id.unwrap_or_else(|| panic!("no session\n{answer}\n{}", tail(&driver.printed())));
        let address = format!("http://127.0.0.1:{port}/session/{id}");
        let session = Client::new(&address);
        let browser = Self { session, address, base: base.to_owned(), _driver: driver, _dir: dir };
        browser.resize(look.size);
        browser.prefer_dark(look.dark);
        browser
    }

    /// Makes the page this large.
    #[track_caller]
    pub fn resize(&self, (width, height): (u32, u32)) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Has the reader prefer dark pages, or light ones.
    #[track_caller]
    pub fn prefer_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", features);
    }

    /// Goes to an address: a path below the base, or a whole one.
    #[track_caller]
    pub fn go(&self, path: &str) {
        let url =
            if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        self.ask("POST", "/url", Some(json!({"url": url})));
    }

    /// The address.
    #[track_caller]
    pub fn url(&self) -> String {
        self.ask("GET", "/url", None).as_str().unwrap_or_default().to_owned()
    }

    /// Clicks what a CSS selector finds first, once it is there.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        eventually(PATIENCE, || {
            let element = self.find(selector)?;
            self.try_ask("POST", &format!("/element/{element}/click"), Some(json!({}))).map(drop)
        });
    }

    /// Types into what a selector finds, in place of what is there.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        let element = eventually(PATIENCE, || self.find(selector));
        self.ask("POST", &format!("/element/{element}/clear"), Some(json!({})));
        self.ask("POST", &format!("/element/{element}/value"), Some(json!({"text": text})));
    }

    /// Sets what is in a field, for kinds of fields into which each browser has one type differently.
    #[track_caller]
    pub fn set(&self, selector: &str, value: &str) {
        eventually(PATIENCE, || self.find(selector));
        self.run(
            "document.querySelector(arguments[0]).value = arguments[1]",
            json!([selector, value]),
        );
    }

    /// Presses keys, one after the other, wherever the focus is.
    #[track_caller]
    pub fn press(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| {
            [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
        });
        let strokes: Vec<_> = strokes.collect();
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]});
        self.ask("POST", "/actions", Some(actions));
    }

    /// The text that a reader sees of what a selector finds first, once it is there.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        eventually(PATIENCE, || self.try_text(selector))
    }

    /// Waits until the text of what a selector finds first has this in it.
    #[track_caller]
    pub fn await_text(&self, selector: &str, part: &str) {
        eventually(PATIENCE, || {
            let text = self.try_text(selector)?;
            if text.contains(part) {
                Ok(())
            } else {
                Err(format!("{selector} has no {part:?}: {text}"))
            }
        });
    }

    /// Waits until a selector finds something.
    #[track_caller]
    pub fn await_there(&self, selector: &str) {
        eventually(PATIENCE, || self.find(selector));
    }

    /// How many elements a selector finds now.
    #[track_caller]
    pub fn count(&self, selector: &str) -> usize {
        let found = self.ask("POST", "/elements", Some(by_css(selector)));
        found.as_array().map_or(0, Vec::len)
    }

    /// The element that has the focus: its id, else its text.
    #[track_caller]
    pub fn focused(&self) -> String {
        let script = "const e = document.activeElement; return e.id || e.textContent.trim()";
        self.run(script, json!([])).as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page, as the body of a function, and gives what it returns.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: Value) -> Value {
        self.ask("POST", "/execute/sync", Some(json!({"script": script, "args": arguments})))
    }

    /// Runs a script that calls its last argument when it is done, with the result.
    #[track_caller]
    pub fn run_async(&self, script: &str, arguments: Value) -> Value {
        self.ask("POST", "/execute/async", Some(json!({"script": script, "args": arguments})))
    }

    /// What pages have written to the console since this was asked last, what the browser itself complains of
    /// included; `level: message` each.
    #[track_caller]
    pub fn console(&self) -> Vec<String> {
        let entries = self.log("browser");
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        entries.iter().map(|e| format!("{}: {}", text(e, "level"), text(e, "message"))).collect()
    }

    /// The addresses that were asked for since this was asked last.
    #[track_caller]
    pub fn requested(&self) -> Vec<String> {
        let entries = self.log("performance");
        let messages = entries
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        let sent = messages.filter(|m| m["message"]["method"] == "Network.requestWillBeSent");
        let urls =
            sent.filter_map(|mut sent| match sent["message"]["params"]["request"]["url"].take() {
                Value::String(url) => Some(url),
                _ => None,
            });
        urls.collect()
    }

    /// The whole page as it looks, as a PNG in this file.
    #[track_caller]
    pub fn screenshot(&self, file: &Path) {
        let size = self.devtools("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let clip =
            json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let shot = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let taken = self.devtools("Page.captureScreenshot", shot);
        let png = decode(taken["data"].as_str().unwrap_or_default());
        let folder = file.parent().expect("a screenshot has a folder");
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(file, png))
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }

    #[track_caller]
    fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.ask("POST", "/se/log", Some(json!({"type": kind})));
        entries.as_array().cloned().unwrap_or_default()
    }

    #[track_caller]
    fn devtools(&self, command: &str, parameters: Value) -> Value {
        let order = json!({"cmd": command, "params": parameters});
        self.ask("POST", "/goog/cdp/execute", Some(order))
    }

    fn try_text(&self, selector: &str) -> Result<String, String> {
        let element = self.find(selector)?;
        let text = self.try_ask("GET", &format!("/element/{element}/text"), None)?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    fn find(&self, selector: &str) -> Result<String, String> {
        let found = self.try_ask("POST", "/element", Some(by_css(selector)))?;
        found[ELEMENT].as_str().map(str::to_owned).ok_or_else(|| format!("no {selector}"))
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.try_ask(method, path, body).unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        let answer: Answer = self.session.send(method, path, body.map(Into::into))?;
        if !answer.is_success() {
            return Err(answer.to_string());
        }
        Ok(answer.json()["value"].take())
    }
}

impl Drop for Browser {
    /// Has the driver end the browser, which would outlive it.
    fn drop(&mut self) {
        let _ = self.session.send("DELETE", &self.address, None);
    }
}

fn by_css(selector: &str) -> Value {
    json!({"using": "css selector", "value": selector})
}

/// Decodes base64 as RFC 4648 has it; what is no digit of it is left out.
fn decode(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte));
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(text.len() * 3 / 4), 0, 0);
    for digit in digits {
        bits = (bits << 6) | digit;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}

/// The folder of the build, for what tests leave to be looked at.
pub fn target() -> PathBuf {
    let test = env::current_exe().expect("this executable has a path");
    let target = test.ancestors().find(|folder| folder.ends_with("target"));
    target.map_or_else(|| crate::repository().join("target"), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn base64_is_decoded() {
        for (text, expected) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob")]
        {
            assert_eq!(decode(text), expected.as_bytes());
        }
        assert_eq!(decode("/+8A"), [0xff, 0xef, 0x00]);
    }
}
