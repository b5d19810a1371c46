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

# Tests wait more than they work: for a timeout, for the end of a lease, for a player's pace. The number is fixed because
# a container may have fewer processors than it sees.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-6}

# some_tests ARGUMENT...: runs those of the tests, and begins each line with the arguments.
some_tests() (
    set -o pipefail
    cargo test --locked --workspace "$@" 2>&1 | sed -u "s/^/$*: /"
)
export -f some_tests

# Runs all tests, the two long suites beside the others. The suites are told apart by their first letter, so that none is
# left out. The tool has no library: its unit tests are in the program.
all_tests() {
    printf '%s\n' '--test e*' '--test r*' '--lib --bin pyao-admin --test [!er]*' '--doc' |
        xargs -P 3 -L 1 bash -c 'some_tests "$@"' some_tests
}

step format cargo fmt --all --check
if [ "$mode" = quick ]; then
    step lint cargo clippy --locked --workspace --all-targets -- -D warnings
    step test cargo test --locked --workspace --lib --bin pyao-admin
    summary
    exit
fi

need fish fish
# In a fresh clone, files for incremental builds cost more than they save.
[ -d "${CARGO_TARGET_DIR:-target}" ] || export CARGO_INCREMENTAL=0
step dependencies scripts/dependencies.sh
step lint cargo clippy --locked --workspace --all-targets -- -D warnings
step docs env RUSTDOCFLAGS="${RUSTDOCFLAGS:-} -D warnings" cargo doc --locked --workspace --no-deps
# All at once: programs and tests apart would differ in their dependencies' features and be compiled twice.
step build cargo test --locked --workspace --no-run
# The end-to-end tests run the server as players do: as a process. They need not build it again.
PYAO_SERVER_BIN=$(realpath "${CARGO_TARGET_DIR:-target}/debug/pyao-server")
export PYAO_SERVER_BIN
step test all_tests
# It counts the build of the tests.
export PYAO_WORKLOAD_BIN=${PYAO_SERVER_BIN%/*}/workload
step instructions scripts/instructions.sh

say "all checks passed"
summary
