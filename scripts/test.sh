#!/usr/bin/env bash
# Runs every check: format, dependencies, lint, documentation, build, tests, instructions. Stops at the first that fails.
# With `quick` only those that answer within a minute once everything is built: format, lint, unit tests.
#
# On Debian and Ubuntu it installs what is missing for that, with sudo when it is not root, and says so: a C compiler for
# the bundled SQLite, redis-server, which the tests start, fish for its completions, and valgrind,
# which counts instructions. Elsewhere it says what to install. Rust itself comes from https://rustup.rs.
#
# Usage: scripts/test.sh [quick]        CARGO_TARGET_DIR is respected.
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

case "$# $*" in
    '0 ' | '1 quick') mode=${1:-full} ;;
    *) echo 'usage: scripts/test.sh [quick]' >&2; exit 2 ;;
esac

command -v cargo >/dev/null || fail "'cargo' is missing: install Rust from https://rustup.rs"
need cc gcc libc6-dev
need_without_service redis-server redis-server

step format cargo fmt --all --check
if [ "$mode" = quick ]; then
    step lint cargo clippy --locked --workspace --all-targets -- -D warnings
    # The tool has no library: its unit tests are in the program.
    step test cargo test --locked --workspace --lib --bin pyao-admin
    summary
    exit
fi

need fish fish
step dependencies scripts/dependencies.sh
step lint cargo clippy --locked --workspace --all-targets -- -D warnings
step docs env RUSTDOCFLAGS="${RUSTDOCFLAGS:-} -D warnings" cargo doc --locked --workspace --no-deps
# All at once: programs and tests apart would differ in their dependencies' features and be compiled twice.
step build cargo test --locked --workspace --no-run
# The end-to-end tests run the server as players do: as a process. They need not build it again.
PYAO_SERVER_BIN=$(realpath "${CARGO_TARGET_DIR:-target}/debug/pyao-server")
export PYAO_SERVER_BIN
step test cargo test --locked --workspace
# It counts the build of the tests.
export PYAO_WORKLOAD_BIN=${PYAO_SERVER_BIN%/*}/workload
step instructions scripts/instructions.sh

say "all checks passed"
summary
