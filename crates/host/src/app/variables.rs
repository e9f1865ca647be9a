//! Values of the application's variables, from where Spin takes them and in Spin's order:
//! `--variable`, the providers of the runtime config, the environment (`SPIN_VARIABLE_…`, then
//! `.env`); then the host's own, then the defaults.

use super::{manifest::Manifest, template::Values};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

/// Where variables come from that the environment does not have, in the working directory.
pub const DOTENV: &str = ".env";

/// One source of values.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Provider {
    /// Values written in the runtime config.
    Static {
        /// By name.
        values: BTreeMap<String, String>,
    },
    /// Environment variables.
    Env {
        /// What stands before `_NAME`; `SPIN_VARIABLE` if absent.
        prefix: Option<String>,
        /// A file of further environment variables.
        dotenv_path: Option<PathBuf>,
    },
}

impl Provider {
    /// The environment, as Spin always asks it.
    pub fn environment() -> Self {
        Self::Env { prefix: None, dotenv_path: Some(DOTENV.into()) }
    }

    fn get(&self, name: &str) -> Result<Option<String>> {
        match self {
            Self::Static { values } => Ok(values.get(name).cloned()),
            Self::Env { prefix, dotenv_path } => {
                let key = format!(
                    "{}_{}",
                    prefix.as_deref().unwrap_or("SPIN_VARIABLE"),
                    name.to_ascii_uppercase()
                );
                match (env::var(&key), dotenv_path) {
                    (Ok(value), _) => Ok(Some(value)),
                    (Err(env::VarError::NotUnicode(_)), _) => {
                        bail!("the environment's {key} is not UTF-8")
                    }
                    (Err(env::VarError::NotPresent), Some(path)) if path.exists() => {
                        dotenv(path, &key)
                    }
                    _ => Ok(None),
                }
            }
        }
    }
}

fn dotenv(path: &Path, key: &str) -> Result<Option<String>> {
    let entries =
        dotenvy::from_path_iter(path).with_context(|| format!("cannot read {}", path.display()))?;
    for entry in entries {
        let (name, value) = entry.with_context(|| format!("{} is not in order", path.display()))?;
        if name == key {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// Reads `--variable` arguments: `name=value`, `name=@file`, `@file.json`, `@file.toml`.
pub fn from_arguments(arguments: &[String]) -> Result<Provider> {
    let mut values = BTreeMap::new();
    for argument in arguments {
        let read = |path: &str| {
            std::fs::read_to_string(path)
                .with_context(|| format!("--variable {argument}: cannot read {path}"))
        };
        if let Some(path) = argument.strip_prefix('@') {
            let text = read(path)?;
            let file: BTreeMap<String, String> =
                match Path::new(path).extension().and_then(|e| e.to_str()) {
                    Some("json") => serde_json::from_str(&text)?,
                    Some("toml") => toml::from_str(&text)?,
                    _ => bail!("--variable {argument}: the file must end in .json or .toml"),
                };
            values.extend(file);
        } else {
            let (name, value) = argument
                .split_once('=')
                .with_context(|| format!("--variable {argument}: write `name=value` or `@file`"))?;
            let value = match value.strip_prefix('@') {
                Some(path) => read(path)?,
                None => value.to_owned(),
            };
            values.insert(name.to_owned(), value);
        }
    }
    Ok(Provider::Static { values })
}

/// The value of every declared variable. `own` holds what the host knows itself. Errors name each
/// required variable that no source has.
pub fn resolve(manifest: &Manifest, providers: &[Provider], own: &Values) -> Result<Values> {
    let mut values = Values::new();
    let mut missing = Vec::new();
    for (name, variable) in &manifest.variables {
        let mut given = None;
        for provider in providers {
            given = provider.get(name)?;
            if given.is_some() {
                break;
            }
        }
        match given.or_else(|| own.get(name).cloned()).or_else(|| variable.default.clone()) {
            Some(value) => drop(values.insert(name.clone(), value)),
            None => missing.push(name.as_str()),
        }
    }
    ensure!(
        missing.is_empty(),
        "{} required and has no value: give it with `--variable {}=…`, SPIN_VARIABLE_{} or a \
         [[variables_provider]] \
         of the runtime config",
        match missing.as_slice() {
            [name] => format!("the variable `{name}` is"),
            names => format!("each of the variables `{}` is", names.join("`, `")),
        },
        missing[0],
        missing[0].to_ascii_uppercase(),
    );
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(
            "spin_manifest_version = 2\napplication.name = \"a\"\ntrigger = {}\n[variables]\n\
             token = { required = true }\nhost = { default = \"h\" }\n",
        )
        .unwrap()
    }

    fn fixed(values: &[(&str, &str)]) -> Provider {
        Provider::Static {
            values: values.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        }
    }

    #[test]
    fn earlier_sources_win_and_defaults_come_last() {
        let own =
            [("host".to_owned(), "own".to_owned()), ("undeclared".to_owned(), "x".to_owned())]
                .into();
        let providers = [fixed(&[("token", "first")]), fixed(&[("token", "second")])];
        let values = resolve(&manifest(), &providers, &own).unwrap();
        assert_eq!(
            values,
            [("host".into(), "own".into()), ("token".into(), "first".into())].into()
        );
        let values = resolve(&manifest(), &[fixed(&[("token", "t")])], &Values::new()).unwrap();
        assert_eq!(values["host"], "h");
    }

    #[test]
    fn a_missing_required_variable_is_named_with_the_mend() {
        let error = resolve(&manifest(), &[], &Values::new()).unwrap_err().to_string();
        assert!(error.starts_with("the variable `token` is required and has no value"), "{error}");
        assert!(error.contains("--variable token=…"), "{error}");
    }

    #[test]
    fn arguments_come_as_values_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let json = folder.path().join("v.json");
        std::fs::write(&json, r#"{"a": "1"}"#).unwrap();
        let text = folder.path().join("v.txt");
        std::fs::write(&text, "3").unwrap();
        let arguments =
            [format!("@{}", json.display()), "b=2=2".to_owned(), format!("c=@{}", text.display())];
        let Provider::Static { values } = from_arguments(&arguments).unwrap() else {
            panic!("not static")
        };
        assert_eq!(
            values,
            [("a", "1"), ("b", "2=2"), ("c", "3")].map(|(k, v)| (k.into(), v.into())).into()
        );
        for bad in ["novalue", "@x.yaml", "c=@/no/such/file"] {
            assert!(from_arguments(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
