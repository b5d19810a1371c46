#!/usr/bin/env bash
# Fuzzes the codec and the game with arbitrary bytes, guided by coverage. The targets are functions of tests/simulator/src/fuzzing.
# New inputs land in the target directory, failing ones in fuzz/artifacts; the message of a failure gives the command that
# repeats it. `cargo test -p pyao-tests --test corpus` runs the kept ones.
#
# Needs a nightly toolchain, cargo-fuzz and a C++ compiler; installs missing ones, and says so.
#
# Usage: scripts/fuzz.sh [SECONDS [TARGET]...]     [60 seconds of each target]
#        scripts/fuzz.sh keep                      adds the new inputs to fuzz/corpus, as few as keep the coverage
# CARGO_TARGET_DIR is respected; everything is built into fuzz/ in it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

# Longest input in bytes, as in the suite `corpus`.
length=1024
all_targets=(decode_client decode_server stranger player)
target_folder=${CARGO_TARGET_DIR:-$PWD/target}/fuzz

need c++ g++
command -v rustup >/dev/null || fail "'rustup' is missing: a nightly toolchain comes from https://rustup.rs"
if ! cargo +nightly --version >/dev/null 2>&1; then
    say "installing a nightly toolchain"
    rustup toolchain install nightly --profile minimal
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    say "installing cargo-fuzz"
    cargo install --locked cargo-fuzz
fi

# fuzz COMMAND TARGET ARGUMENT...
fuzz() {
    local command=$1
    shift
    cargo +nightly fuzz "$command" --target-dir "$target_folder" "$@"
}

if [ "${1:-}" = keep ]; then
    for target in "${all_targets[@]}"; do
        say "$target: keeping what adds to the coverage"
        mkdir -p "$target_folder/found/$target"
        cp -n "fuzz/corpus/$target"/* "$target_folder/found/$target"
        fuzz cmin "$target" "$target_folder/found/$target" -- -max_len=$length
        cp "$target_folder/found/$target"/* "fuzz/corpus/$target"
    done
    exit
fi

seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- "${all_targets[@]}"
for target in "$@"; do
    say "$target: $seconds s"
    mkdir -p "$target_folder/found/$target"
    # New inputs are written to the first folder.
    fuzz run "$target" "$target_folder/found/$target" "fuzz/corpus/$target" -- \
        -max_len=$length -max_total_time="$seconds" -timeout=20
done
