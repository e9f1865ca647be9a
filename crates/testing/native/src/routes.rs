//! Which context a path belongs to, as the manifest says it.

use anyhow::{Context, Result};
use std::{collections::HashMap, fs, path::Path};

/// From the beginning of a path to the place of its context in [`madang_contexts::ALL`].
pub struct Routes(HashMap<String, usize>);

impl Routes {
    /// Reads the manifest of this repository.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read() -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../spin.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let manifest: toml::Table = toml::from_str(&text)?;
        let triggers = manifest.get("trigger").and_then(|trigger| trigger.get("http")?.as_array());
        let mut routes = HashMap::new();
        for trigger in triggers.context("the manifest has no routes")? {
            let text = |name: &str| trigger.get(name).and_then(toml::Value::as_str);
            let (route, component) = (text("route").unwrap_or(""), text("component").unwrap_or(""));
            let place = madang_contexts::ALL.iter().position(|(name, _)| *name == component);
            if let (Some(place), Some(beginning)) = (place, route.strip_suffix("/...")) {
                routes.insert(beginning.to_owned(), place);
            }
        }
        Ok(Self(routes))
    }

    /// The context of a path.
    pub fn of(&self, path: &str) -> Option<usize> {
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
        // `/bookrent/books`, `/bookrent/-/book`: no route is longer.
        let beginnings: Vec<_> = ends.take(3).map(|end| &path[..end]).collect();
        beginnings.into_iter().rev().find_map(|beginning| self.0.get(beginning).copied())
    }
}
