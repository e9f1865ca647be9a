//! `--watch`: a reload whenever a file of the application is another. The files are looked at, and not
//! subscribed to: a look at those of an application costs a millisecond, sees what is renamed into place
//! or lies on another machine, and a reload that finds nothing changed changes nothing.

use super::{
    admin::{Question, Refused},
    load::Source,
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::sleep,
};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// What tells a file from another of its name: number, length, time.
type State = BTreeMap<PathBuf, Option<(u64, u64, Option<SystemTime>)>>;

/// The files of an application as they were when it was read.
#[derive(Debug)]
pub struct Watch {
    source: Source,
    known: State,
}

impl Watch {
    /// To be called before the application is read, so that no change falls between.
    pub fn new(source: &Source) -> Self {
        Self { source: source.clone(), known: state(source) }
    }

    /// Asks for a reload whenever a file has changed and is then left alone: whoever writes it may not
    /// have finished. Ends with who is asked.
    pub async fn run(mut self, questions: mpsc::Sender<Question>) {
        loop {
            let mut now = self.look().await;
            while now != self.known {
                let before = std::mem::replace(&mut now, self.look().await);
                if now != before {
                    continue;
                }
                let (answer, answered) = oneshot::channel();
                if questions.send(Question::Reload(answer)).await.is_err() {
                    return;
                }
                match answered.await {
                    Err(_) => return,
                    // It may have read what was there before.
                    Ok(Err(Refused::UnderWay)) => {}
                    // What was wrong was said.
                    Ok(Ok(_) | Err(Refused::Faulty(_))) => self.known.clone_from(&now),
                }
            }
        }
    }

    async fn look(&self) -> State {
        sleep(LOOK).await;
        let source = self.source.clone();
        spawn_blocking(move || state(&source)).await.unwrap_or_default()
    }
}

fn state(source: &Source) -> State {
    let state = |path: PathBuf| {
        let data = fs::metadata(&path).ok();
        let data = data.map(|data| (data.ino(), data.len(), data.modified().ok()));
        (path, data)
    };
    source.files().into_iter().map(state).collect()
}
