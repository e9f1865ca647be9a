//! `{{ name }}` in manifest strings, as Spin writes them.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Values of the application's variables, by name.
pub type Values = BTreeMap<String, String>;

/// Replaces every `{{ name }}` in `text`. Errors name the variable that is not declared or has no
/// value.
pub fn resolve(text: &str, values: &Values) -> Result<String> {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((literal, expression)) = rest.split_once("{{") {
        resolved.push_str(literal);
        let (name, after) = expression
            .split_once("}}")
            .with_context(|| format!("`{text}`: a `{{{{` is not closed by `}}}}`"))?;
        let name = name.trim();
        let Some(value) = values.get(name) else {
            bail!(
                "`{text}` uses the variable `{name}`, which is not declared{}: \
                 add `{name} = {{ default = \"…\" }}` or `{name} = {{ required = true }}` to \
                 [variables]",
                crate::say::suggestion(name, values.keys().map(String::as_str))
            );
        };
        resolved.push_str(value);
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// A number of things, at least one: written as a number, or as a text with variables.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "write a whole number, or a text such as \"{{ name }}\"")]
pub enum Count {
    /// As written.
    Number(i64),
    /// Possibly a template.
    Text(String),
}

impl Count {
    /// The number. Errors tell what stands in its place.
    pub fn resolve(&self, values: &Values) -> Result<usize> {
        let text = match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => resolve(text, values)?,
        };
        match text.trim().parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => bail!("{text:?} is no whole number from 1 up"),
        }
    }
}

/// Checks a variable's name by Spin's rule: lower-case letters, digits and single underscores, a
/// letter first.
pub fn check_name(name: &str) -> Result<(), String> {
    let fault = if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "must start with a lower-case letter"
    } else if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        "may hold only lower-case letters, digits and underscores"
    } else if name.ends_with('_') || name.contains("__") {
        "may have single underscores only, and none at its end"
    } else {
        return Ok(());
    };
    Err(format!("{name:?}: a variable's name {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        [("host", "example.org"), ("port", "80")].map(|(k, v)| (k.into(), v.into())).into()
    }

    #[test]
    fn expressions_are_replaced() {
        let resolved = resolve("http://{{ host }}:{{port}}/", &values()).unwrap();
        assert_eq!(resolved, "http://example.org:80/");
        assert_eq!(resolve("plain } text", &values()).unwrap(), "plain } text");
    }

    #[test]
    fn faults_name_the_variable_and_the_mend() {
        let unknown = resolve("{{ hots }}", &values()).unwrap_err().to_string();
        assert!(
            unknown.contains("`hots`, which is not declared, did you mean `host`?"),
            "{unknown}"
        );
        assert!(unknown.contains("to [variables]"), "{unknown}");
        let open = resolve("{{ host", &values()).unwrap_err().to_string();
        assert!(open.contains("not closed"), "{open}");
    }

    #[test]
    fn counts_are_numbers_or_templates_from_one_up() {
        let count = |count: &str| {
            let table: BTreeMap<String, Count> = toml::from_str(&format!("n = {count}"))?;
            table["n"].resolve(&values())
        };
        assert_eq!(count("7").unwrap(), 7);
        assert_eq!(count("\"{{ port }}\"").unwrap(), 80);
        for (bad, expected) in [
            ("0", "\"0\" is no whole number from 1 up"),
            ("-1", "\"-1\" is no whole number"),
            ("\"{{ host }}\"", "\"example.org\" is no whole number"),
            ("\"{{ prot }}\"", "did you mean `port`?"),
            ("1.5", "write a whole number, or a text such as"),
        ] {
            let error = format!("{:#}", count(bad).unwrap_err());
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    fn names_follow_spins_rule() {
        assert!(check_name("a1_b2").is_ok());
        for bad in ["", "1a", "A", "a-b", "a__b", "a_"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
