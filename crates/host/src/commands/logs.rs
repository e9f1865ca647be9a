//! `madang logs`: what components have printed, from the state folder: of an application that runs,
//! or has run.

use super::{Target, print};
use crate::say::suggestion;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// How far apart looks for new lines are.
const LOOK: Duration = Duration::from_millis(100);

/// Bytes written at once, and a line more.
const AT_ONCE: usize = 64 << 10;

/// `madang logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The component's id; all components without.
    component: Option<String>,
    /// Go on with what they print from now on, until Ctrl-C.
    #[arg(short, long)]
    follow: bool,
    /// Begin with the last so many lines of each file, instead of all.
    #[arg(short = 'n', long, value_name = "LINES")]
    tail: Option<u64>,
    #[command(flatten)]
    target: Target,
}

impl Logs {
    /// Prints the logs, one file after the other: their lines do not say when they were written.
    pub fn run(&self) -> Result<()> {
        let folder = self.target.state_dir.join("logs");
        let mut files = BTreeMap::new();
        self.find(&folder, &mut files)?;
        if let Some(id) = &self.component
            && files.is_empty()
        {
            let mut known = ids(&folder)?;
            known.dedup();
            let near = suggestion(id, known.iter().map(String::as_str));
            bail!("no component `{id}` has run here{near}; there are: {}", known.join(", "));
        }
        if let Some(lines) = self.tail {
            for (path, read) in &mut files {
                *read =
                    last(path, lines).with_context(|| format!("cannot read {}", path.display()))?;
            }
        }
        loop {
            for (path, read) in &mut files {
                self.print_new(path, read)?;
            }
            if !self.follow {
                return Ok(());
            }
            thread::sleep(LOOK);
            // A reload may have brought another component.
            self.find(&folder, &mut files)?;
        }
    }

    /// Adds the files that are not known yet, of which nothing was read.
    fn find(&self, folder: &Path, files: &mut BTreeMap<PathBuf, u64>) -> Result<()> {
        for id in ids(folder)? {
            if self.component.as_ref().is_none_or(|wanted| *wanted == id) {
                for output in ["stdout", "stderr"] {
                    let path = folder.join(format!("{id}_{output}.txt"));
                    if path.exists() {
                        files.entry(path).or_default();
                    }
                }
            }
        }
        Ok(())
    }

    /// Prints what was written since the first `read` bytes.
    fn print_new(&self, path: &Path, read: &mut u64) -> Result<()> {
        let cannot_read = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(cannot_read)?;
        let length = file.metadata().with_context(cannot_read)?.len();
        if length < *read {
            // Emptied meanwhile.
            *read = 0;
        }
        file.seek(SeekFrom::Start(*read)).with_context(cannot_read)?;
        let mut file = BufReader::new(file);
        let prefix = match &self.component {
            Some(_) => String::new(),
            None => format!("[{}] ", id(path).unwrap_or_default()),
        };
        let (mut line, mut text) = (Vec::new(), Vec::new());
        while file.read_until(b'\n', &mut line).with_context(cannot_read)? > 0 {
            let is_whole = line.ends_with(b"\n");
            if !is_whole && self.follow {
                // The rest comes with the next look.
                break;
            }
            *read += line.len() as u64;
            let end: &[u8] = if is_whole { b"" } else { b"\n" };
            text.extend([prefix.as_bytes(), &line, end].into_iter().flatten());
            line.clear();
            if text.len() > AT_ONCE {
                print(std::mem::take(&mut text))?;
            }
        }
        print(text)
    }
}

/// Where the last so many lines of a file begin.
fn last(path: &Path, lines: u64) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let end = file.metadata()?.len();
    if lines == 0 {
        return Ok(end);
    }
    let (mut begin, mut block, mut ends) = (end, vec![0; AT_ONCE], 0);
    while begin > 0 {
        let before = begin.saturating_sub(AT_ONCE as u64);
        file.seek(SeekFrom::Start(before))?;
        let block = &mut block[..usize::try_from(begin - before).unwrap_or(AT_ONCE)];
        file.read_exact(block)?;
        for (at, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let next = before + at as u64 + 1;
            // The last line's own end begins none.
            ends += u64::from(next < end);
            if ends == lines {
                return Ok(next);
            }
        }
        begin = before;
    }
    Ok(0)
}

/// The components that have logs, in order; one may be there twice.
fn ids(folder: &Path) -> Result<Vec<String>> {
    let files = fs::read_dir(folder).with_context(|| {
        format!(
            "no application has run here ({} is not there): start one with `madang up`",
            folder.display()
        )
    })?;
    let mut ids: Vec<_> = files.filter_map(|file| id(&file.ok()?.path())).collect();
    ids.sort();
    Ok(ids)
}

/// The component whose output a file holds.
fn id(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".txt")?;
    let id = name.strip_suffix("_stdout").or_else(|| name.strip_suffix("_stderr"))?;
    Some(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = "x".repeat(AT_ONCE / 3);
        let text: String = (0..9).map(|number| format!("{number}{line}\n")).collect();
        for (text, ends_lines) in [(text.clone(), true), (text + "rest", false)] {
            fs::write(file.path(), &text).unwrap();
            let lines: Vec<_> = text.split_inclusive('\n').collect();
            assert_eq!(lines.len(), if ends_lines { 9 } else { 10 });
            for count in 0..12 {
                let expected = lines[lines.len().saturating_sub(count)..].concat();
                let begin = last(file.path(), count as u64).unwrap();
                assert_eq!(&text[usize::try_from(begin).unwrap()..], expected, "{count}");
            }
        }
    }
}
