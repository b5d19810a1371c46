//! The game under simulated players: see `pyao_tests::simulation`.
//!
//! `PYAO_SIM_SEED=n` replays one seed; `PYAO_SIM_SEEDS=n` and `PYAO_SIM_STEPS=n` run more.

use pyao_server::content::Content;
use pyao_tests::simulation::{Options, Report, run};
use std::sync::Arc;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

fn run_seeds(content: Content, seeds: u64, steps: u32) {
    let content = Arc::new(content);
    let seeds = match setting("PYAO_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..setting("PYAO_SIM_SEEDS").unwrap_or(seeds) + 1,
    };
    let steps = setting("PYAO_SIM_STEPS").and_then(|steps| u32::try_from(steps).ok()).unwrap_or(steps);
    let mut total = Report::default();
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let report = run(&content, &Options { seed, steps, players: 12 })
            .unwrap_or_else(|failure| panic!("{failure}"));
        total.add(&report);
    }
    println!("{count} seeds of {steps} steps: {total:?}");
    assert!(total.entries > 0 && total.steps_walked > 0, "nothing happened: {total:?}");
}

#[test]
fn every_client_shows_what_its_player_should_see_in_the_starter_world() {
    run_seeds(Content::starter(), 16, 1_500);
}

#[test]
fn every_client_shows_what_its_player_should_see_in_the_full_world() {
    let Some(data) = pyao_tests::ao_data() else {
        println!("skipped: ../shared/ao-data is not there");
        return;
    };
    let (content, _) = Content::load(&data).expect("the data loads");
    run_seeds(content, 4, 1_500);
}
