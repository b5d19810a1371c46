#!/usr/bin/env bash
# Runs every check: format, lint, build, tests. Stops at the first that fails.
#
# On Debian and Ubuntu it installs what is missing for that (a C compiler for the bundled SQLite), with sudo when it is
# not root. Elsewhere it says what to install. Rust itself comes from https://rustup.rs.
#
# Usage: scripts/test.sh        CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }
fail() { printf '\nFAILED: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# need COMMAND PACKAGE...: installs the packages when the command is missing.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    command -v apt-get >/dev/null || fail "'$command' is missing: install it and run this again"
    say "installing $* ('$command' is missing)"
    # RUNLEVEL=1 keeps Debian from starting services that come along.
    if ! as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "$@"; then
        as_root apt-get update
        as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "$@"
    fi
}

# step NAME COMMAND...: runs a check and remembers it for the summary.
done_steps=()
step() {
    local name=$1
    shift
    say "$name: $*"
    local start=$SECONDS
    "$@" || fail "$name"
    done_steps+=("$(printf 'ok  %-8s %4d s' "$name" $((SECONDS - start)))")
}

command -v cargo >/dev/null || fail "'cargo' is missing: install Rust from https://rustup.rs"
need cc gcc libc6-dev
# The tests of the Redis store run a server of their own.
if grep -q '^redis\b' Cargo.toml; then
    need redis-server redis-server
fi

step format cargo fmt --all --check
step lint cargo clippy --locked --workspace --all-targets -- -D warnings
# The end-to-end tests run the server as players do: as a process.
step build cargo build --locked --workspace --bins
step test cargo test --locked --workspace

say "all checks passed"
printf '%s\n' "${done_steps[@]}"
