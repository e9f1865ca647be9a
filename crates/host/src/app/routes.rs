//! Which component answers a path: Spin's rules, by the router crate that Spin uses.

use anyhow::{Result, anyhow, bail};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, uri::PathAndQuery};
use routefinder::Captures;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};

/// The paths that the host answers itself.
pub const WELL_KNOWN: &str = "/.well-known/spin/";
/// The route of what a component sends another by its name: one for all paths.
pub const CHAINED: &str = "/...";

/// A public route of the manifest. Private ones never get here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// As the manifest writes it: `/books/:id` or `/books/...`.
    pub pattern: String,
    /// The id of the component that answers.
    pub component: String,
}

/// Finds the route of a path: an exact route before a wildcard, the longest prefix first.
pub struct Router(routefinder::Router<Route>);

/// A path that a route matched.
pub struct Match<'router, 'path> {
    route: &'router Route,
    captures: Captures<'router, 'path>,
    path: &'path str,
}

impl Router {
    /// Refuses two equal routes and patterns that make no sense, by name.
    pub fn new(routes: &[Route]) -> Result<Self> {
        let mut router = routefinder::Router::new();
        for (index, route) in routes.iter().enumerate() {
            let pattern = normal(&route.pattern);
            if let Some(other) =
                routes[..index].iter().find(|other| normal(&other.pattern) == pattern)
            {
                bail!(
                    "the route {:?} is given to both `{}` and `{}`: change one of the two \
                     [[trigger.http]]",
                    route.pattern,
                    other.component,
                    route.component
                );
            }
            if pattern.starts_with(WELL_KNOWN) {
                bail!(
                    "the route {:?} of `{}` is the host's own: choose another",
                    route.pattern,
                    route.component
                );
            }
            let spec = match pattern.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => pattern,
            };
            router.add(spec, route.clone()).map_err(|fault| {
                anyhow!(
                    "the route {:?} of `{}` is not one: {fault}",
                    route.pattern,
                    route.component
                )
            })?;
        }
        Ok(Self(router))
    }

    /// The best route for `path` (no query), if any.
    pub fn find<'path>(&self, path: &'path str) -> Option<Match<'_, 'path>> {
        let found = self.0.best_match(path)?;
        Some(Match { route: found.handler(), captures: found.captures(), path })
    }
}

impl Match<'_, '_> {
    /// The id of the component that answers.
    pub fn component(&self) -> &str {
        &self.route.component
    }

    /// The route as the manifest writes it.
    pub fn pattern(&self) -> &str {
        &self.route.pattern
    }

    /// What the trailing `...` stands for, with its leading slash; Spin keeps a trailing one.
    fn rest(&self) -> String {
        let Some(wildcard) = self.captures.wildcard() else { return String::new() };
        match (wildcard.is_empty(), self.path.ends_with('/')) {
            (true, false) => String::new(),
            (true, true) => "/".to_owned(),
            (false, false) => format!("/{wildcard}"),
            (false, true) => format!("/{wildcard}/"),
        }
    }

    /// Sets the `spin-*` headers. `uri` is absolute. Unlike Spin, which appends, this replaces what
    /// a client sent under these names: a component must be able to trust them.
    pub fn describe(&self, headers: &mut HeaderMap, uri: &Uri, client: SocketAddr) {
        describe(headers, &self.route.pattern, &self.rest(), &uri.to_string(), client);
        for (name, value) in self.captures.iter() {
            let name = format!("spin-path-match-{}", name.to_ascii_lowercase().replace('_', "-"));
            if let Ok(name) = name.parse() {
                set(headers, name, value);
            }
        }
    }
}

/// Sets the `spin-*` headers of a request for `path` that one component sends another by its name: Spin
/// has them say that it came to a route for all paths, at `localhost`, from nowhere.
pub fn describe_chained(headers: &mut HeaderMap, path: &PathAndQuery) {
    let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    describe(headers, CHAINED, path.path(), &format!("http://localhost{path}"), nowhere);
}

fn describe(headers: &mut HeaderMap, pattern: &str, rest: &str, url: &str, client: SocketAddr) {
    let mut set = |name, value: &str| set(headers, HeaderName::from_static(name), value);
    set("spin-path-info", rest);
    set("spin-full-url", url);
    set("spin-matched-route", &normal(pattern));
    set("spin-base-path", "/");
    set("spin-raw-component-route", pattern);
    set("spin-component-route", pattern.strip_suffix("/...").unwrap_or(pattern));
    set("spin-client-addr", &client.to_string());
}

/// Path and host have passed the HTTP parser; what still is no header value is left out, as in Spin.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// With a leading slash and without a trailing one.
fn normal(pattern: &str) -> String {
    let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
    if pattern.starts_with('/') { pattern.to_owned() } else { format!("/{pattern}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[(&str, &str)]) -> Result<Router> {
        let routes = routes.iter().map(|(pattern, component)| Route {
            pattern: (*pattern).to_owned(),
            component: (*component).to_owned(),
        });
        Router::new(&routes.collect::<Vec<_>>())
    }

    fn component(router: &Router, path: &str) -> Option<String> {
        router.find(path).map(|found| found.component().to_owned())
    }

    #[test]
    fn exact_before_wildcard_and_longest_first() {
        let routes = [
            ("/...", "all"),
            ("/a/...", "a"),
            ("/a/b/...", "b"),
            ("/a/b", "exact"),
            ("/u/:id", "user"),
        ];
        for routes in [routes.to_vec(), routes.into_iter().rev().collect()] {
            let router = router(&routes).unwrap();
            for (path, expected) in [
                ("/", "all"),
                ("/x/y", "all"),
                ("/a", "a"),
                ("/a/x", "a"),
                ("/a/b", "exact"),
                ("/a/b/c", "b"),
                ("/u/7", "user"),
                ("/u/7/8", "all"),
            ] {
                assert_eq!(component(&router, path).as_deref(), Some(expected), "{path}");
            }
        }
        assert_eq!(component(&router(&[("/a", "a")]).unwrap(), "/b"), None);
    }

    #[test]
    fn equal_and_reserved_routes_are_refused_by_name() {
        let error = router(&[("/a/...", "one"), ("a/...", "two")]).err().unwrap().to_string();
        assert!(error.contains("both `one` and `two`"), "{error}");
        let error = router(&[("/.well-known/spin/x", "one")]).err().unwrap().to_string();
        assert!(error.contains("the host's own"), "{error}");
    }

    #[test]
    fn headers_describe_the_match() {
        let router = router(&[("/foo/:userid/...", "foo")]).unwrap();
        let uri: Uri = "http://example.org/foo/42/bar/?q=1".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("spin-client-addr", HeaderValue::from_static("forged"));
        router.find(uri.path()).unwrap().describe(
            &mut headers,
            &uri,
            "127.0.0.1:5".parse().unwrap(),
        );
        for (name, value) in [
            ("spin-path-info", "/bar/"),
            ("spin-full-url", "http://example.org/foo/42/bar/?q=1"),
            ("spin-matched-route", "/foo/:userid/..."),
            ("spin-base-path", "/"),
            ("spin-raw-component-route", "/foo/:userid/..."),
            ("spin-component-route", "/foo/:userid"),
            ("spin-client-addr", "127.0.0.1:5"),
            ("spin-path-match-userid", "42"),
        ] {
            let values: Vec<_> = headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name}");
        }
    }
}
