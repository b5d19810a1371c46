#!/usr/bin/env bash
# Checks that the server's dependency tree grows only on purpose: scripts/dependencies.txt lists every crate of it. A crate
# in two versions has two lines. Build scripts' and tests' own dependencies do not count.
#
# Usage: scripts/dependencies.sh            compare, and fail where they differ
#        scripts/dependencies.sh --accept   write the list anew
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

list=scripts/dependencies.txt

# `idna_adapter` 1.1 and later bring the tables of international host names: two dozen crates, half of the Redis client's
# tree, for names that a configuration can as well spell in ASCII. 1.0.0 does without. Only the lock file pins it: `cargo
# update` takes the newest.
grep -A1 '^name = "idna_adapter"$' Cargo.lock | grep -qx 'version = "1.0.0"' ||
    fail "Cargo.lock does not hold idna_adapter at 1.0.0: run 'cargo update -p idna_adapter --precise 1.0.0'"

# A fixed target gives the same list on every machine.
crates=$(cargo tree --locked --package pyao-server --edges normal --target x86_64-unknown-linux-gnu \
    --prefix none --no-dedupe | sort -u | awk '{ print $1 }')

if [ "${1:-}" = --accept ]; then
    printf '%s\n' "$crates" >"$list"
fi
diff --unified=0 "$list" - <<<"$crates" ||
    fail "the server's dependencies changed; if that is meant, run 'scripts/dependencies.sh --accept'"
echo "the server's dependencies: $(wc -l <"$list") crates, as listed"
