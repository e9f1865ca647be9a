//! `files` of components: which files of the application's folder an instance sees, and where.

use anyhow::{Context, Result, bail, ensure};
use glob::Pattern;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

/// One entry of `files`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "an entry is a pattern such as \"assets/**/*\", or { source = \"…\", destination = \"…\" }"
)]
pub enum Mount {
    /// Files that are found under the same paths inside.
    Pattern(String),
    /// A file or folder that is found elsewhere inside.
    Placement(Placement),
}

/// An entry of `files` that says where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// The file or folder, relative to the manifest.
    pub source: String,
    /// Its path inside.
    pub destination: String,
}

/// What a component's `files` say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Files {
    /// The manifest's folder.
    pub base: PathBuf,
    /// `files`.
    pub mounts: Vec<Mount>,
    /// `exclude_files`.
    pub exclude: Vec<String>,
    /// Whether folders are mounted as they are (`--direct-mounts`).
    pub direct: bool,
}

/// Files by their paths inside, relative to the root there.
type Found = BTreeMap<PathBuf, PathBuf>;

impl Files {
    /// Finds the files, by the rules of Spin's loader. Errors name the entry and the mend.
    pub fn find(&self) -> Result<Found> {
        let exclude = self
            .exclude
            .iter()
            .map(|pattern| {
                Pattern::new(pattern)
                    .with_context(|| format!("exclude_files: {pattern:?} is no pattern"))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut found = Found::new();
        for mount in &self.mounts {
            match mount {
                Mount::Pattern(pattern) => self
                    .pattern(pattern, &exclude, &mut found)
                    .with_context(|| format!("files: {pattern:?}"))?,
                Mount::Placement(Placement { source, destination }) => self
                    .placement(source, destination, &exclude, &mut found)
                    .with_context(|| format!("files: {source:?} as {destination:?}"))?,
            }
        }
        Ok(found)
    }

    /// Folders that are mounted as they are (`--direct-mounts`), with their paths inside.
    pub fn folders(&self) -> Result<Vec<(PathBuf, String)>> {
        ensure!(
            self.exclude.is_empty(),
            "exclude_files: remove it, or start without --direct-mounts"
        );
        let folder = |mount: &Mount| {
            let (source, destination) = match mount {
                Mount::Pattern(pattern) => (pattern, pattern),
                Mount::Placement(Placement { source, destination }) => (source, destination),
            };
            let path = self.base.join(inside(source)?);
            ensure!(
                path.is_dir(),
                "files: {source:?} is no folder, and only folders can be mounted directly: start \
                 without --direct-mounts"
            );
            Ok((path, destination.clone()))
        };
        self.mounts.iter().map(folder).collect()
    }

    fn pattern(&self, pattern: &str, exclude: &[Pattern], found: &mut Found) -> Result<()> {
        let path = inside(pattern)?;
        ensure!(
            !matches!(pattern.rsplit('/').next(), Some("." | "..")),
            "a pattern must not end in `.` or `..`: for a folder write `{{ source = \"…\", \
             destination = \"…\" }}` or a pattern that ends in `**/*`"
        );
        let whole = self.base.join(path);
        if whole.is_dir() {
            // Spin finds these one level deeper than it says, under the folder's path twice.
            bail!(
                "it is a folder: write {{ source = {pattern:?}, destination = \"/…\" }} or \
                 \"{}/**/*\"",
                pattern.trim_end_matches('/')
            );
        }
        if whole.exists() {
            found.insert(path.to_owned(), whole);
            return Ok(());
        }
        ensure!(
            Pattern::escape(pattern) != pattern,
            "there is no such file, and it is no pattern with `*`"
        );
        self.glob(&whole, &self.base, Path::new(""), exclude, found)
    }

    fn placement(
        &self,
        source: &str,
        destination: &str,
        exclude: &[Pattern],
        found: &mut Found,
    ) -> Result<()> {
        let whole = self.base.join(inside(source)?);
        let to = inside(destination.trim_start_matches('/'))?;
        let kind = fs::metadata(&whole).context("there is no such file or folder")?;
        if kind.is_dir() {
            return self.glob(&whole.join("**/*"), &whole, to, exclude, found);
        }
        ensure!(
            !destination.ends_with(['/', '.']) && to.file_name().is_some(),
            "the source is a file, so the destination must be a file's name"
        );
        found.insert(to.to_owned(), whole);
        Ok(())
    }

    /// Adds the files that a pattern finds, each below `to` as it is below `from`.
    fn glob(
        &self,
        pattern: &Path,
        from: &Path,
        to: &Path,
        exclude: &[Pattern],
        found: &mut Found,
    ) -> Result<()> {
        let pattern = pattern.to_str().context("the path is not UTF-8")?;
        for path in glob::glob(pattern).context("it is no pattern")? {
            let path = path.context("it cannot be read")?;
            let below = path.strip_prefix(&self.base).context("it is outside")?;
            if path.is_file() && !exclude.iter().any(|exclude| exclude.matches_path(below)) {
                found.insert(to.join(path.strip_prefix(from)?), path);
            }
        }
        Ok(())
    }
}

/// A path that stays below where it starts. Spin follows `..` out of the folder it copies to.
fn inside(path: &str) -> Result<&Path> {
    let path = Path::new(path);
    ensure!(
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)),
        "a path of `files` stays inside the manifest's folder: write it relative and without `..`"
    );
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> (tempfile::TempDir, Files) {
        #[derive(Deserialize)]
        struct Manifest {
            files: Vec<Mount>,
            #[serde(default)]
            exclude_files: Vec<String>,
        }
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.txt", "b.md", "sub/c.txt", "sub/.hidden", "sub/deep/d.txt"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let Manifest { files: mounts, exclude_files: exclude } = toml::from_str(text).unwrap();
        let base = folder.path().to_owned();
        (folder, Files { base, mounts, exclude, direct: false })
    }

    fn found(text: &str) -> Result<Vec<String>> {
        let (folder, files) = files(text);
        let found = files.find()?;
        let shown = found.iter().map(|(inside, path)| {
            let path = path.strip_prefix(folder.path()).unwrap();
            format!("{} < {}", inside.display(), path.display())
        });
        Ok(shown.collect())
    }

    #[test]
    fn patterns_and_placements_are_found() {
        for (text, expected) in [
            ("files = [\"a.txt\"]", vec!["a.txt < a.txt"]),
            ("files = [\"*.txt\", \"b.md\"]", vec!["a.txt < a.txt", "b.md < b.md"]),
            (
                "files = [\"sub/**/*\"]\nexclude_files = [\"sub/deep/*\"]",
                vec!["sub/.hidden < sub/.hidden", "sub/c.txt < sub/c.txt"],
            ),
            (
                "files = [{ source = \"sub\", destination = \"/\" }]\nexclude_files = [\"**/.*\"]",
                vec!["c.txt < sub/c.txt", "deep/d.txt < sub/deep/d.txt"],
            ),
            (
                "files = [{ source = \"a.txt\", destination = \"/x/y.txt\" }]",
                vec!["x/y.txt < a.txt"],
            ),
            ("files = [\"none/*\"]", vec![]),
        ] {
            assert_eq!(found(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn faults_name_the_entry_and_the_mend() {
        for (text, expected) in [
            ("files = [\"none\"]", "files: \"none\": there is no such file"),
            ("files = [\"sub\"]", "write { source = \"sub\", destination = \"/…\" }"),
            ("files = [\"sub/.\"]", "must not end in `.`"),
            ("files = [\"../*\"]", "stays inside the manifest's folder"),
            ("files = [\"/etc/*\"]", "stays inside the manifest's folder"),
            ("files = [\"[\"]", "it is no pattern"),
            (
                "files = [{ source = \"a.txt\", destination = \"../x\" }]",
                "stays inside the manifest's folder",
            ),
            (
                "files = [{ source = \"a.txt\", destination = \"/\" }]",
                "the destination must be a file's name",
            ),
            (
                "files = [{ source = \"none\", destination = \"/\" }]",
                "files: \"none\" as \"/\": there is no such file or folder",
            ),
            ("files = []\nexclude_files = [\"[\"]", "exclude_files: \"[\" is no pattern"),
        ] {
            let error = format!("{:#}", found(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn only_folders_are_mounted_directly() {
        let folders = |text: &str| {
            let (folder, files) = files(text);
            let strip = |(path, to): (PathBuf, String)| {
                (path.strip_prefix(folder.path()).unwrap().to_owned(), to)
            };
            files.folders().map(|folders| folders.into_iter().map(strip).collect::<Vec<_>>())
        };
        let mounted = folders("files = [\"sub\", { source = \"sub\", destination = \"/x\" }]");
        let expected = [("sub".into(), "sub".to_owned()), ("sub".into(), "/x".to_owned())];
        assert_eq!(mounted.unwrap(), expected);
        for (text, expected) in [
            ("files = [\"*.txt\"]", "\"*.txt\" is no folder"),
            ("files = [\"sub\"]\nexclude_files = [\"*\"]", "exclude_files: remove it"),
        ] {
            let error = folders(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
