//! The files of components, laid out for their instances: copied, so that what an application serves is
//! one state of them, until the next start or reload.

use super::acl::hex;
use crate::app::files::Files;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Lays out a component's files in a folder of `place` that is named after what they are. Returns the
/// folders to mount, and where. Errors name the entry or the file.
pub fn lay_out(files: &Files, place: &Path) -> Result<Vec<(PathBuf, String)>> {
    if files.mounts.is_empty() {
        return Ok(Vec::new());
    }
    if files.direct {
        return files.folders();
    }
    let aside = place.join("new");
    // Left by one who was killed.
    let _ = fs::remove_dir_all(&aside);
    let mut hash = Sha256::new();
    fs::create_dir_all(&aside).with_context(|| format!("cannot make {}", aside.display()))?;
    for (inside, path) in files.find()? {
        let bytes =
            fs::read(&path).with_context(|| format!("files: cannot read {}", path.display()))?;
        let name = inside.as_os_str().as_encoded_bytes();
        for part in [name, &bytes] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let to = aside.join(&inside);
        to.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&to, &bytes))
            .with_context(|| {
                format!("files: cannot copy {} to {}", path.display(), to.display())
            })?;
    }
    let folder = place.join(hex(&hash.finalize()));
    if folder.is_dir() {
        let _ = fs::remove_dir_all(&aside);
    } else {
        fs::rename(&aside, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    Ok(vec![(folder, "/".to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::files::Mount;

    #[test]
    fn the_same_files_are_the_same_folder_and_others_another() {
        let base = tempfile::tempdir().unwrap();
        let place = tempfile::tempdir().unwrap();
        let write = |text: &str| fs::write(base.path().join("a.txt"), text).unwrap();
        let files = Files {
            base: base.path().to_owned(),
            mounts: vec![Mount::Pattern("*.txt".to_owned())],
            ..Files::default()
        };
        let lay_out = || lay_out(&files, place.path()).unwrap();
        write("one");
        let first = lay_out();
        assert_eq!(lay_out(), first);
        write("two");
        let second = lay_out();
        assert_ne!(second, first);
        let read =
            |folders: &[(PathBuf, String)]| fs::read_to_string(folders[0].0.join("a.txt")).unwrap();
        assert_eq!((read(&first).as_str(), read(&second).as_str()), ("one", "two"));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }
}
