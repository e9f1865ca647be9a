//! The host's clock, as it and its components see it, jumps back and forth by an hour while clients are at
//! work (libfaketime). Redis keeps its own: libfaketime and Redis's allocator do not go together.

use super::{BURST, Play, Scene};
use crate::rng::Rng;
use crate::tally::Tally;
use madang_testing::Redis;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;

/// An hour, in seconds.
const HOUR: i64 = 3600;

/// Where Debian has the library, by architecture.
const PLACES: [&str; 2] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

/// Plays it.
///
/// # Panics
/// Without libfaketime.
pub fn play(play: &Play) -> Tally {
    let library = library().expect("libfaketime is not installed: apt-get install libfaketime");
    let (rounds, jumps) = play.of((2, 10), (1, 2));
    play.rounds(rounds, |round| {
        let folder = tempfile::tempdir().expect("a folder");
        let offset = folder.path().join("offset");
        set(&offset, 0);
        let settings = play
            .settings()
            .env("LD_PRELOAD", library.display().to_string())
            .env("FAKETIME_TIMESTAMP_FILE", offset.display().to_string())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1");
        let scene = Scene::with(play, &round, Redis::start(), 1, settings);
        let mut now = 0;
        let tally = scene.bursts(round.rng, jumps, |_, tickets, rng| {
            tickets.give(40);
            sleep(rng.within(BURST));
            now = other(now, rng);
            set(&offset, now);
            1
        });
        // The file has to be there as long as a process looks at it.
        drop(folder);
        tally
    })
}

/// Where the library is.
fn library() -> Option<PathBuf> {
    let places = PLACES.iter().map(|place| Path::new(place).join("faketime/libfaketimeMT.so.1"));
    places.into_iter().find(|path| path.is_file())
}

/// An hour away from now: back, forth, or where it was.
fn other(now: i64, rng: &mut Rng) -> i64 {
    let forth = rng.percent(50);
    match now {
        0 if forth => HOUR,
        0 => -HOUR,
        _ => 0,
    }
}

/// Sets the clock, whole: whoever reads meanwhile finds the one or the other.
fn set(file: &Path, seconds: i64) {
    let next = file.with_extension("next");
    fs::write(&next, format!("{seconds:+}")).expect("the offset");
    fs::rename(&next, file).expect("the offset");
}
