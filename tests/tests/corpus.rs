//! The fuzzers' corpus on the ordinary toolchain: every kept input, and some thousands of changed ones.
//!
//! `scripts/fuzz.sh` looks for new inputs with coverage; here the same code runs without it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use pyao_core::base::random::Random;
use pyao_simulator::fuzzing::{TARGETS, Target};

/// Changed inputs of each target.
const CHANGED: u32 = 2_000;
/// Longest changed input, as the fuzzers' own.
const LENGTH_MAX: usize = 1_024;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target)
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<_> = std::fs::read_dir(folder(target))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect();
    inputs.sort();
    inputs
}

fn run(name: &str, target: Target, input_name: &str, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| target(input))).is_err() {
        panic!("target {name} fails on {input_name}: {}", input.escape_ascii());
    }
}

fn target(name: &str) -> Target {
    TARGETS.iter().find(|(target, _)| *target == name).map(|(_, run)| *run).unwrap()
}

fn replay(name: &str) {
    let (target, inputs) = (target(name), corpus(name));
    assert!(inputs.len() >= 10, "only {} inputs", inputs.len());
    for (file, input) in &inputs {
        run(name, target, file, input);
    }
    let mut random = Random::new(1);
    for number in 0..CHANGED {
        let input = changed(&inputs, &mut random);
        run(name, target, &format!("changed input {number}"), &input);
    }
    println!("{name}: {} kept and {CHANGED} changed inputs", inputs.len());
}

/// Joins the beginning of one input and the end of another, with some bytes changed.
fn changed(inputs: &[(String, Vec<u8>)], random: &mut Random) -> Vec<u8> {
    let pick = |random: &mut Random| &inputs[below(random, inputs.len())].1;
    let (first, second) = (pick(random), pick(random));
    let (end, start) = (below(random, first.len() + 1), below(random, second.len() + 1));
    let mut input = [&first[..end], &second[start..]].concat();
    input.truncate(LENGTH_MAX);
    for _ in 0..below(random, 4) {
        if !input.is_empty() {
            let place = below(random, input.len());
            input[place] = u8::try_from(random.between(0, 255)).unwrap();
        }
    }
    input
}

fn below(random: &mut Random, bound: usize) -> usize {
    random.between(0, u32::try_from(bound).unwrap() - 1) as usize
}

#[test]
fn bytes_from_clients_are_packets_or_errors_or_wait() {
    replay("decode_client");
}

#[test]
fn bytes_from_servers_are_packets_or_errors_or_wait() {
    replay("decode_server");
}

#[test]
fn whatever_a_stranger_sends_the_others_see_the_truth_and_nothing_of_him_stays() {
    replay("stranger");
}

#[test]
fn whatever_a_player_sends_the_others_see_the_truth_and_nothing_of_him_stays() {
    replay("player");
}
