//! Runs of the simulator whose outcome is recorded: a change of the code that should change no behaviour sends the same
//! bytes and asks the store for the same.
//!
//! Each seed has a hash of all bytes that the server sent and of all requests to the store, in `recorded.toml`. After a
//! change of the rules or of the simulator's own draws, record them anew and say so in the commit:
//! `PYAO_RECORD=1 cargo test -p pyao-tests --test simulation recorded`.

#![expect(clippy::expect_used, reason = "a run that cannot be compared is a failure with these words")]

use super::{options, run};
use pyao_core::content::Content;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Steps of a recorded run.
const STEPS: u32 = 500;
/// Recorded runs in the starter world and in the full world.
const SEEDS: [(&str, u64); 2] = [("starter_world", 64), ("full_world", 16)];

/// Hashes by seed, by world.
type Recorded = BTreeMap<String, BTreeMap<String, String>>;

/// Both worlds are recorded in one file.
static FILE: Mutex<()> = Mutex::new(());

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/recorded.toml")
}

fn hashes(content: Content, seeds: u64) -> BTreeMap<String, String> {
    let content = Arc::new(content);
    let halves: [Vec<u64>; 2] = [(1..=seeds).step_by(2).collect(), (2..=seeds).step_by(2).collect()];
    let hash_all = |seeds: &[u64]| -> Vec<(String, String)> {
        let hash = |seed| run(&content, &options(seed, STEPS)).expect("a good run").fingerprint;
        seeds.iter().map(|&seed| (format!("{seed:02}"), format!("{:016x}", hash(seed)))).collect()
    };
    std::thread::scope(|scope| {
        let threads = halves.each_ref().map(|seeds| scope.spawn(|| hash_all(seeds)));
        threads.into_iter().flat_map(|thread| thread.join().expect("no seed panics")).collect()
    })
}

/// Compares the hashes of a world with the recorded ones, or records them if that is asked for.
fn compare(world: &str, content: Content) {
    let seeds = SEEDS.iter().find(|(name, _)| *name == world).expect("a recorded world").1;
    let now = hashes(content, seeds);
    let _one_at_a_time = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let mut recorded: Recorded = toml::from_str(&text).expect("recorded.toml can be read");
    if std::env::var_os("PYAO_RECORD").is_some() {
        recorded.insert(world.to_owned(), now);
        std::fs::write(file(), write(&recorded)).expect("recorded.toml can be written");
        return;
    }
    let recorded = recorded.get(world).expect("the world is recorded");
    let other: Vec<_> = now.iter().filter(|(seed, hash)| recorded.get(*seed) != Some(hash)).collect();
    assert!(other.is_empty(), "{} of {seeds} runs differ from the recorded ones: {other:?}", other.len());
    assert_eq!(now.len(), recorded.len(), "recorded runs that no longer run");
}

fn write(recorded: &Recorded) -> String {
    let mut text = String::from("# A hash of all bytes sent and all requests to the store, by seed.\n");
    for (world, hashes) in recorded {
        let _ = writeln!(text, "\n[{world}]");
        for (seed, hash) in hashes {
            let _ = writeln!(text, "{seed} = \"{hash}\"");
        }
    }
    text
}

#[test]
fn recorded_runs_in_the_starter_world_send_and_ask_the_same() {
    compare("starter_world", Content::starter().with_doors());
}

#[test]
fn recorded_runs_in_the_full_world_send_and_ask_the_same() {
    let Some(data) = pyao_tests::ao_data() else {
        println!("skipped: ../shared/ao-data is not there");
        return;
    };
    let (content, _) = Content::load(&data).expect("the data loads");
    compare("full_world", content);
}
