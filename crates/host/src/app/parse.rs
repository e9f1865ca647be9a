//! TOML files with errors that help.

use crate::say::suggestion;
use anyhow::{Result, anyhow};
use serde::de::DeserializeOwned;

/// Parses TOML. The error for a key that there is not names the one that was probably meant.
pub fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        // "unknown field `a`, expected one of `b`, `c`"
        let mut names = error.message().split('`').skip(1).step_by(2);
        match names.next() {
            Some(key) if error.message().starts_with("unknown field") => {
                anyhow!("{}{}", error.to_string().trim_end(), suggestion(key, names))
            }
            _ => error.into(),
        }
    })
}
