//! An end for what a test started, when the test itself does not bring it about.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Reads its input to the end, which comes when the test's process is gone; then ends the process
/// `$1` with the signal `$2`, and removes the directory `$3` once it has ended.
const SCRIPT: &str = r#"
cat >/dev/null
kill -s "$2" "$1" 2>/dev/null
while kill -0 "$1" 2>/dev/null; do sleep 0.05; done
rm -rf -- "$3"
"#;

/// A small process that outlives the test's and cleans up after it. Values in a `static` are never
/// dropped, and neither is anything when a test's process is killed or aborts.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    /// Watches over a process that works in a temporary directory.
    pub(crate) fn over(pid: u32, signal: &str, dir: &Path) -> std::io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "guard", &pid.to_string(), signal]).arg(dir);
        // A Ctrl-C that ends the test must not end its guard.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self)
    }
}

impl Drop for Guard {
    /// What it watched over has ended: its process id may soon be another's.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{eventually, procfs};
    use std::time::Duration;

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").spawn().unwrap()
    }

    #[test]
    fn what_a_test_forgets_is_ended_and_removed() {
        let dir = tempfile::tempdir().unwrap().keep();
        let mut child = sleeper();
        let mut guard = Guard::over(child.id(), "TERM", &dir).unwrap();
        // What the system does with it when this process ends.
        drop(guard.0.stdin.take());
        assert!(!child.wait().unwrap().success());
        let gone = || (!dir.exists()).then_some(());
        eventually(Duration::from_secs(10), gone);
    }

    #[test]
    fn nothing_happens_to_what_a_test_ends_itself() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = sleeper();
        drop(Guard::over(child.id(), "TERM", dir.path()).unwrap());
        assert!(procfs::is_alive(child.id()) && dir.path().exists());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
