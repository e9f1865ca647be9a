//! What components print: `<component>_stdout.txt` and `_stderr.txt`, Spin's names, line by whole
//! line.

use super::journal::Told;
use crate::{
    say::{self, Level},
    telemetry::{context::Context, scope::Scope},
};
use anyhow::{Context as _, Result};
use bytes::Bytes;
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError},
};

/// A line longer than this is written in parts.
const LONGEST: usize = 16 << 10;

/// One of a component's two outputs; all its instances share it.
#[derive(Debug, Clone)]
pub struct Log {
    sink: Arc<Sink>,
    /// The spans of the instance that prints, where they are made.
    scope: Option<Arc<Scope>>,
}

#[derive(Debug)]
struct Sink {
    component: String,
    /// How much a line matters that does not tell.
    level: Level,
    file: File,
    follow: bool,
}

impl Log {
    /// Opens the file of `component`'s `output` in `folder`; with `follow`, lines go to the console
    /// too.
    pub fn open(folder: &Path, component: &str, output: &str, follow: bool) -> Result<Self> {
        let path = folder.join(format!("{component}_{output}.txt"));
        let file = fs::create_dir_all(folder)
            .and_then(|()| File::options().create(true).append(true).open(&path))
            .with_context(|| format!("cannot write component output to {}", path.display()))?;
        let level = if output == "stderr" { Level::Warn } else { Level::Info };
        let sink = Arc::new(Sink { component: component.to_owned(), level, file, follow });
        Ok(Self { sink, scope: None })
    }

    /// The same, of an instance.
    #[must_use]
    pub fn within(&self, scope: Option<&Arc<Scope>>) -> Self {
        Self { sink: self.sink.clone(), scope: scope.cloned() }
    }

    fn lines(&self) -> Lines {
        Lines { log: self.clone(), pending: Vec::new() }
    }

    /// Writes whole lines, but for those that tell of spans.
    fn write(&self, lines: &[u8]) {
        let Some(scope) = &self.scope else { return self.sink.write(lines, None) };
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let text = str::from_utf8(line).unwrap_or_default();
            if !scope.hears(&self.sink.component, text.trim_end_matches('\n')) {
                self.sink.write(line, Some(scope.current()));
            }
        }
    }
}

impl Sink {
    /// Writes whole lines. One write each: the file is in append mode and shared by the workers.
    fn write(&self, lines: &[u8], trace: Option<Context>) {
        // The guest cannot help a full disk, and must not fail for it.
        let _ = (&self.file).write_all(lines);
        if self.follow {
            for line in String::from_utf8_lossy(lines).lines() {
                let told = Told::read(line);
                let level = told.as_ref().map_or(self.level, Told::level);
                say::printed(level, &self.component, line, trace, told);
            }
        }
    }
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Log {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.lines())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.lines())
    }
}

/// One instance's output: keeps what is not yet a whole line.
struct Lines {
    log: Log,
    pending: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        if let Some(end) = self.pending.iter().rposition(|byte| *byte == b'\n') {
            self.log.write(&self.pending[..=end]);
            self.pending.drain(..=end);
        }
        if self.pending.len() > LONGEST {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if !self.pending.is_empty() {
            self.pending.push(b'\n');
            self.log.write(&self.pending);
            self.pending.clear();
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.finish();
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(LONGEST)
    }
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut task::Context,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut task::Context) -> Poll<std::io::Result<()>> {
        self.finish();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(folder.path(), "a", "stdout", false).unwrap();
        let written = || fs::read_to_string(folder.path().join("a_stdout.txt")).unwrap();
        let mut one = log.lines();
        let mut two = log.lines();
        one.push(b"half");
        two.push(b"whole\nrest");
        assert_eq!(written(), "whole\n");
        one.push(b" and half\n");
        drop(two);
        assert_eq!(written(), "whole\nhalf and half\nrest\n");
    }
}
