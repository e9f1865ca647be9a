//! A host for the pages, and a reader who looks at what every page must be.

use madang_testing::browser::{self, Browser, Look};
use madang_testing::{Host, HostBuilder};
use madang_tests::Shared;
use serde_json::{Value, json};
use std::fs;
use std::ops::Deref;

/// What operators of these hosts know.
pub const KEY: &str = "a key of the operators, long enough";

/// A host that tests share which put no faults into it.
pub static SHARED: Shared = Shared::new(|| settings().start());

/// Settings of a host with all that the pages need.
pub fn settings() -> HostBuilder {
    Host::builder()
        .variable("operator_key", KEY)
        .variable("kvaccine_register_key", "a key for tests of 32 bytes or more")
}

/// A browser whose pages are looked at when it has done its work: nothing in the console, nothing asked of another
/// host.
pub struct Reader {
    browser: Browser,
    own: String,
}

impl Reader {
    /// Of this host's pages.
    #[track_caller]
    pub fn of(host: &Host, look: Look) -> Self {
        Self { browser: Browser::start(host.url(), look), own: format!("{}/", host.url()) }
    }

    /// Goes to a page and finds nothing that keeps anybody from reading it.
    #[track_caller]
    pub fn visit(&self, path: &str) {
        self.go(path);
        self.check_access();
    }

    /// Has axe-core look for what keeps people from using the page as it is now.
    #[track_caller]
    pub fn check_access(&self) {
        let file = browser::target().join("axe/node_modules/axe-core/axe.min.js");
        let axe = fs::read_to_string(&file)
            .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask test` fetches it", file.display()));
        self.run(&axe, json!([]));
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then((r) => done(r.violations.map((v) =>
                [v.id, v.help, v.nodes.map((n) => n.html + ' ' + n.failureSummary)])), (e) => done(String(e)));";
        let found = self.run_async(script, json!([]));
        assert_eq!(found, json!([]), "{} keeps somebody out: {found:#}", self.url());
    }

    /// Fills in fields of a form, and sends it.
    #[track_caller]
    pub fn submit(&self, form: &str, fields: &[(&str, &str)]) {
        for (name, value) in fields {
            self.fill(&format!("#{form}-{name}"), value);
        }
        self.click(&format!("#{form} button"));
    }

    /// Ends the visit, and checks what the browser saw meanwhile.
    #[track_caller]
    pub fn leave(self) {
        let console: Vec<_> = self.console();
        // A page that says 400 is one that a reader was shown; the browser tells of it all the same.
        let expected = |line: &String| {
            line.contains("Failed to load resource: the server responded with a status of")
        };
        let console: Vec<_> = console.into_iter().filter(|line| !expected(line)).collect();
        assert!(console.is_empty(), "in the console: {console:#?}");
        let requested = self.requested();
        let is_own = |url: &String| {
            url.starts_with(&self.own) || url.starts_with("data:") || url.starts_with("chrome:")
        };
        let elsewhere: Vec<_> = requested.iter().filter(|url| !is_own(url)).collect();
        assert!(!requested.is_empty(), "the browser tells what it asks for");
        assert!(elsewhere.is_empty(), "asked of another host: {elsewhere:#?}");
    }

    /// A JSON value of the systems' own REST.
    #[track_caller]
    pub fn rest(&self, path: &str) -> Value {
        madang_testing::Client::new(self.own.trim_end_matches('/')).get(path).expect(200).json()
    }
}

impl Deref for Reader {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}
