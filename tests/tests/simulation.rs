//! The game under simulated players: see `pyao_simulator::simulation`.
//!
//! The test runs the same seeds each time. A failure prints its seed, its step and the command that replays it:
//! `PYAO_SIM_SEED=n` runs that seed alone, `PYAO_SIM_TRACE=1` prints its events. `PYAO_SIM_SEEDS`,
//! `PYAO_SIM_SECONDS`, `PYAO_SIM_FIRST` and `PYAO_SIM_STEPS` say how many, for how long, from which seed on, and how
//! long each; `scripts/simulate.sh` sets them for fresh seeds.
//!
//! # Faults planted by hand
//!
//! Each was planted in the server, alone, and the starter world was run until a seed failed. Seeds draw differently
//! once the simulator's tables change, so the numbers tell how soon a fault shows, not which seed shows it.
//!
//! | fault | seed | step | message |
//! | --- | --- | --- | --- |
//! | forget the CharacterRemove for who falls out of sight | 2 | 132 | Bot xag: characters: 75 should not be there, is ((10, 17), 3, …) |
//! | send CharacterMove to the walker too | 1 | 10 | the client of Bot xab was sent what it cannot take: CharacterMove of the own character |
//! | leave RequestFame unanswered now and then | 1 | 467 | Bot xaa: got 0 answers to 1 questions |
//! | drop the store's answer to a login while another login waits | 3 | 2000 | Bot xaf cannot come back |
//! | split a commit group into two transactions | 1 | 19 | Bot xad is not saved together with the others |
//! | create a newcomer twice for those around it | 1 | 5 | Bot xad: character 66 was created twice |
//! | take the wrong heading from a step | 1 | 10 | Bot xab: characters: 65 is: ((89, 33), 4, …), should be ((89, 33), 1, …) |
//! | forget to hand a departed character back to a login | 9 | 755 | Bot xaf enters at 1:31,15, left at 1:31,18 |
//! | forget to clear the tile of who leaves | 1 | 92 | Bot xaj enters at 8:91,91, left at 8:90,92 |
//! | forget to close an outbox | 2 | 2000 | bytes that wait for 10.5: 41854, should be 0 |
//! | forget ObjectDelete when a block goes out of sight | 1 | 176 | Bot xal: objects: (31, 20) should not be there, is 511 |
//! | show only characters of half the blocks that come into sight | 1 | 689 | Bot xab: characters: 67 is missing, should be ((90, 27), 3, …) |
//! | take stale steps | 2 | 10 | Bot xab: characters: 67 is: ((11, 10), 2, …), should be ((12, 10), 2, …) |
//! | forget that a step is to be saved | 1 | 42 | Bot xaf changed 5024 ms ago and no save was asked |
//! | stop without telling the players | 1 | 1704 | connection 0.3 was not told that the server stops |
//! | leave the session of who has left open | 1 | 317 | after a shutdown sessions: [(UserId(1), 8, false), (UserId(2), 8, false), (UserId(3), 8, fal … |
//! | leave the whispering player out of the whisper | 1 | 84 | Bot xae: heard lines [], should be [82] |
//! | leave every fifth connection out of what is said | 1 | 137 | Bot xab: heard lines [], should be [86] |
//! | double an item that is moved to an empty slot | 1 | 200 | wealth: there is {0: 0, 460: 12, 463: 12, 467: 1200, 468: 1200, 855: 500, 856: 1400, 857: 24 … |
//! | say that a password changed before it is stored | 1 | 501 | Bot xaj is refused with its own password |
//! | never forget a departed character | 1 | 1452 | the server does not come to its end |
//! | close an idle connection and leave its character | 1 | 442 | Bot xai is played by connection 4.2, which is closed |
//! | keep seeing through a lost connection | 2 | 12 | the connection that sees: Some(ConnectionId { slot: 0, generation: 1 }), should be None |
//! | tell a client that takes over its character nothing of the surroundings | 1 | 3 | Bot xab: characters: 23 is missing, should be ((14, 40), 3, [71, 0, 2, 2, 2], "", 0, 0) |
//! | let absent characters stay beyond the limit | 3 | 1370 | 2 absent characters of an address, 1 are allowed |
//! | lose one group of those that the worker writes | 1 | 262 | a crash cost Bot xak its last 82919 ms |
//! | hand a creation to the store twice | 1 | 2 | CreateAccount { ticket: Ticket(2), … } is carried out twice |
//! | send beyond the client's window | 1 | 41 | the client of Bot xai was sent what it cannot take: a read ends inside packet 23 |
//! | take a partial write for a whole one | 3 | 235 | the client of Bot xag was sent what it cannot take: a read ends inside packet 23 |
//! | show a door without its blocked tiles | 1 | 212 | Bot xah: a door: None, should be Some(false) |
//! | show a roll of the dice at once | 1 | 1 | the client of Bot xaf was sent what it cannot take: DiceRoll 11 ms after its ThrowDices |
//! | leave every client its first encoding of texts | 1 | 2000 | Bot xab cannot come back |
//!
//! # Faults found in earnest
//!
//! The simulator found these in the server; each is mended, and was planted again to see it caught.
//!
//! | fault | seed | step | message |
//! | --- | --- | --- | --- |
//! | forget, when a player comes back, what was not yet written | 10 | 1991 | a save leaves Bot xag out |
//! | not write again the failed save of who has left since | 10 | 501 | a save leaves Bot xal out |
//! | tell an asked position without refusing the steps on their way | 5 | 586 | Bot xak: characters: 74 is: ((67, 83), 4, …), should be ((66, 83), 4, …) |
//! | not confirm the heading of a step that crosses a turn | 1 | 402 | Bot xah: characters: 74 is: ((81, 85), 1, …), should be ((81, 85), 2, …) |
//! | fill an emptied store only once | 12 | 148 | Bot xal is refused with its own password |
//! | keep a claim whose answer was lost | 9 | 608 | Bot xaa has a session and is not in the world |
//! | keep a departed character that another server took | 170 | 1174 | Bot xad is saved at 1:54,78 looking west, should be north |
//! | save apart from the others, when an emptied store was filled again, whom it did not know | 1706 | 353 | Bot xaa is not saved together with the others |

#[path = "simulation/recorded.rs"]
mod recorded;

use pyao_core::content::Content;
use pyao_simulator::simulation::{Event, Failure, Options, Report, run};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Players of one run.
const PLAYERS: usize = 12;
/// Runs in which everything that can happen does.
const MANY: u64 = 256;
/// Steps of one run, where nothing else is asked.
const STEPS: u32 = 2_000;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// Seeds still to be run, handed out one by one.
struct Seeds {
    next: AtomicU64,
    end: u64,
    until: Option<Instant>,
}

impl Seeds {
    /// Takes the seeds that the environment asks for, or `count` from 1.
    fn asked_or(count: u64) -> Self {
        let first = setting("PYAO_SIM_SEED").or(setting("PYAO_SIM_FIRST")).unwrap_or(1);
        let until = setting("PYAO_SIM_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let count = match (setting("PYAO_SIM_SEED"), until) {
            (Some(_), _) => 1,
            (None, Some(_)) => u64::MAX / 2,
            (None, None) => setting("PYAO_SIM_SEEDS").unwrap_or(count),
        };
        Self { next: AtomicU64::new(first), end: first + count, until }
    }

    fn next(&self) -> Option<u64> {
        let is_over = self.until.is_some_and(|until| Instant::now() >= until);
        let seed = self.next.fetch_add(1, Ordering::Relaxed);
        (!is_over && seed < self.end).then_some(seed)
    }

    fn stop(&self) {
        self.next.store(self.end, Ordering::Relaxed);
    }
}

fn options(seed: u64, steps: u32) -> Options {
    Options { seed, steps, players: PLAYERS, trace: false }
}

/// Runs all seeds on two threads; the report and how many there were, or the first failure.
fn run_seeds(content: &Arc<Content>, seeds: &Seeds, steps: u32) -> Result<(Report, u64), Failure> {
    let total = Mutex::new((Report::default(), 0));
    let trace = setting("PYAO_SIM_TRACE").is_some();
    let work = || {
        while let Some(seed) = seeds.next() {
            let report =
                run(content, &Options { trace, ..options(seed, steps) }).inspect_err(|_| seeds.stop())?;
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            total.0.add(&report);
            total.1 += 1;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Runs a world for the test called `test`, as many seeds as asked. In many runs everything must happen.
fn simulate(test: &str, content: Content, seeds: u64) {
    let steps = setting("PYAO_SIM_STEPS").and_then(|steps| u32::try_from(steps).ok()).unwrap_or(STEPS);
    let started = Instant::now();
    let outcome = run_seeds(&Arc::new(content), &Seeds::asked_or(seeds), steps);
    let (report, done) = outcome.unwrap_or_else(|failure| {
        panic!(
            "{failure}\nreplay: PYAO_SIM_SEED={} PYAO_SIM_STEPS={steps} \
             cargo test -p pyao-tests --test simulation -- --nocapture {test}",
            failure.seed
        )
    });
    println!("{done} seeds of {steps} steps in {:.1} s: {report}", started.elapsed().as_secs_f64());
    if done >= MANY && steps >= STEPS {
        assert_eq!(report.missing(), [], "what never happens proves nothing");
    }
    assert!(report.count(Event::Step) > 0, "nobody walked");
}

#[test]
fn every_client_shows_what_its_player_should_see_in_the_starter_world() {
    simulate("starter_world", Content::starter().with_doors(), MANY);
}

#[test]
fn every_client_shows_what_its_player_should_see_in_the_full_world() {
    let Some(data) = pyao_tests::ao_data() else {
        println!("skipped: ../shared/ao-data is not there");
        return;
    };
    let (content, _) = Content::load(&data).expect("the data loads");
    simulate("full_world", content, 4);
}

#[test]
fn the_same_seed_sends_the_same_bytes() {
    let content = Arc::new(Content::starter());
    let fingerprint = |seed| run(&content, &options(seed, 600)).expect("a good run").fingerprint;
    assert_eq!(fingerprint(5), fingerprint(5));
    assert_ne!(fingerprint(5), fingerprint(6));
}
