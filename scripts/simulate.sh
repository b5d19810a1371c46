#!/usr/bin/env bash
# Runs the simulator with fresh seeds, optimised and with all assertions, for a time or a number of seeds. Prints the number
# of seeds, steps and events; a failure prints its seed and the command that replays it.
#
# Usage: scripts/simulate.sh [60s | 500]     seconds, or a number of seeds; default 60s
#        WORLD=full scripts/simulate.sh 60s  the full world of ../shared/ao-data instead of the starter world
#        FIRST=7 scripts/simulate.sh 100     begins with seed 7
#        STEPS=20000 scripts/simulate.sh 60s longer runs
# CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

command -v cargo >/dev/null || fail "'cargo' is missing: install Rust from https://rustup.rs"
amount=${1:-60s}
case $amount in
    *[!0-9s]* | '' | s) fail "'$amount' is neither seconds (60s) nor a number of seeds (500)" ;;
    *s) export PYAO_SIM_SECONDS=${amount%s} ;;
    *) export PYAO_SIM_SEEDS=$amount ;;
esac
# Fresh seeds lie far from those of the tests and differ each second.
export PYAO_SIM_FIRST=${FIRST:-$(($(date +%s) * 100000))}
export PYAO_SIM_STEPS=${STEPS:-2000}
# The profile of benches is the release profile without its link time.
export CARGO_PROFILE_BENCH_DEBUG_ASSERTIONS=true CARGO_PROFILE_BENCH_OVERFLOW_CHECKS=true
say "simulating $amount in the ${WORLD:-starter} world, from seed $PYAO_SIM_FIRST"
RUST_BACKTRACE=0 cargo test --locked --profile bench -p pyao-tests --test simulation -- --nocapture "${WORLD:-starter}_world"
