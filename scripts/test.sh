#!/usr/bin/env bash
# Runs every check: format, dependencies, lint, build, tests, instructions. Stops at the first that fails.
#
# On Debian and Ubuntu it installs what is missing for that, with sudo when it is not root, and says so: a C compiler for
# the bundled SQLite, redis-server, of which the tests start their own, fish, whose completions they try, and valgrind,
# which counts instructions. Elsewhere it says what to install. Rust itself comes from https://rustup.rs.
#
# Usage: scripts/test.sh        CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

steps=()
summary() { printf '%s\n' "${steps[@]}"; }

# step NAME COMMAND...: runs a check and remembers it for the summary.
step() {
    local name=$1 start=$SECONDS outcome=ok
    shift
    say "$name: $*"
    "$@" || outcome=FAILED
    steps+=("$(printf '%-6s %-12s %4d s' "$outcome" "$name" $((SECONDS - start)))")
    [ "$outcome" = ok ] || { summary; fail "$name"; }
}

command -v cargo >/dev/null || fail "'cargo' is missing: install Rust from https://rustup.rs"
need cc gcc libc6-dev
need_without_service redis-server redis-server
need fish fish

step format cargo fmt --all --check
step dependencies scripts/dependencies.sh
step lint cargo clippy --locked --workspace --all-targets -- -D warnings
# All at once: programs and tests apart would differ in their dependencies' features and be compiled twice.
step build cargo test --locked --workspace --no-run
# The end-to-end tests run the server as players do: as a process. They need not build it again.
PYAO_SERVER_BIN=$(realpath "${CARGO_TARGET_DIR:-target}/debug/pyao-server")
export PYAO_SERVER_BIN
step test cargo test --locked --workspace
# What it counts is the tests' own build.
export PYAO_WORKLOAD_BIN=${PYAO_SERVER_BIN%/*}/workload
step instructions scripts/instructions.sh

say "all checks passed"
summary
