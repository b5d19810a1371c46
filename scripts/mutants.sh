#!/usr/bin/env bash
# Plants small faults in the core, one at a time, and runs the core's tests, the simulator and the fuzzers' inputs on each:
# `cargo mutants`. Prints the faults that no test notices. The whole core takes a day or two on one machine.
#
# It installs cargo-mutants where it is missing, and says so.
#
# Usage: scripts/mutants.sh --file server/core/src/world/area.rs     one file
#        scripts/mutants.sh --shard 0/16                             the first sixteenth of everything
#        scripts/mutants.sh --list                                   only lists the faults
# Any option of `cargo mutants` is passed on. The outcome lands in target/mutants.out; CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

if ! cargo mutants --version >/dev/null 2>&1; then
    say "installing cargo-mutants"
    cargo install --locked cargo-mutants
fi

output=${CARGO_TARGET_DIR:-target}
mkdir -p "$output"
# A few seeds find what they find; the endless loop that a fault may be ends here.
export PYAO_SIM_SEEDS=${PYAO_SIM_SEEDS:-8}
outcome=0
cargo mutants --package pyao-core --test-package pyao-core --test-package pyao-tests --timeout 300 \
    --output "$output" "$@" -- --locked --lib --test protocol_codec --test protocol_tables --test simulation --test corpus || outcome=$?
# 2: some were missed; 3: some were stopped.
case $outcome in
    0 | 2 | 3) ;;
    *) fail "cargo mutants ended with $outcome" ;;
esac
[ ! -s "$output/mutants.out/missed.txt" ] || { say "missed"; cat "$output/mutants.out/missed.txt"; }
