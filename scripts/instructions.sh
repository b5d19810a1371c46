#!/usr/bin/env bash
# Counts the instructions of the server's common work with valgrind, and compares them with tests/benches/instructions.toml.
# Unlike times, counts are the same on a busy machine. The work is defined in tests/src/workload.rs.
#
# The build is that of the tests, so that nothing is compiled for this alone. It is optimised less than a release, but a
# change that adds work to one adds work to the other.
#
# Usage: scripts/instructions.sh             compare, and fail where more than 5 % were added
#        scripts/instructions.sh --update    write the file anew, for counts that grew on purpose or shrank
#        scripts/instructions.sh --release   only print the counts of an optimised build
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

file=tests/benches/instructions.toml
# In percent. Another compiler makes other code of the same source, so only large growth is telling then.
tolerance=5
other_compiler_tolerance=30

# field NAME: prints its value in the file, or nothing.
field() { sed -n "s/^$1 = \"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" "$file"; }

# count WORKLOAD REPEATS: prints the instructions of one repeat. The environment is empty because its size moves the stack.
count() {
    local out
    out=$(mktemp)
    env -i valgrind --quiet --tool=callgrind --toggle-collect=workload::counted_run \
        --callgrind-out-file="$out" "$program" "$1" >&2
    awk -v repeats="$2" '/^totals:/ { printf "%.0f\n", $2 / repeats }' "$out"
    rm -f "$out"
}

if ! command -v valgrind >/dev/null && ! (need valgrind valgrind); then
    echo "skipped: without valgrind nothing is counted"
    exit 0
fi
compiler=$(rustc --version)
machine=$(uname -m)
if [ "${1:-}" != --update ] && [ "$(field machine)" != "$machine" ]; then
    echo "skipped: the counts in $file are those of $(field machine), and this is $machine"
    exit 0
fi

folder=debug profile=dev
[ "${1:-}" != --release ] || { folder=release profile=bench; }
# scripts/test.sh passes the one that it has built.
program=${PYAO_WORKLOAD_BIN:-}
if [ -z "$program" ]; then
    cargo build --quiet --locked --package pyao-tests --bin workload --profile "$profile"
    program=$(realpath "${CARGO_TARGET_DIR:-target}/$folder/workload")
fi

counts=$("$program" | while read -r name repeats; do
    counted=$(count "$name" "$repeats")
    echo "$name = ${counted:?nothing was counted for $name}"
done)

case "${1:-}" in
--release)
    echo "$counts"
    exit 0
    ;;
--update)
    cat >"$file" <<END
# Instructions of one repeat of each workload, written by \`scripts/instructions.sh --update\` and compared by
# \`scripts/instructions.sh\`.
compiler = "$compiler"
machine = "$machine"

[instructions]
$counts
END
    echo "written to $file"
    exit 0
    ;;
esac

if [ "$(field compiler)" != "$compiler" ]; then
    echo "counted with $compiler, and the file with $(field compiler): only growth over $other_compiler_tolerance % fails"
    tolerance=$other_compiler_tolerance
fi
# Reads workload, count and count in the file; prints the change in percent and a verdict.
while read -r name _ counted; do
    echo "$name $counted $(field "$name")"
done <<<"$counts" | awk -v tolerance="$tolerance" '
    $3 == "" { printf "%-17s %9d  not in the file\n", $1, $2; bad = 1; next }
    {
        change = ($2 / $3 - 1) * 100
        outcome = change > tolerance ? "TOO MANY" : change < -tolerance ? "fewer: worth an --update" : "ok"
        printf "%-17s %9d  %+6.1f %%  %s\n", $1, $2, change, outcome
        if (change > tolerance) bad = 1
    }
    END { exit bad }' ||
    fail "the server does more work than $file allows; if that is meant, run 'scripts/instructions.sh --update'"
