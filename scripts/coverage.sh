#!/usr/bin/env bash
# Measures the lines that the tests run: prints a line for each crate and writes a report in HTML. The tests' own lines do
# not count. Processes that they start do, if these end by themselves rather than by a kill.
#
# It installs cargo-llvm-cov if missing, and says so; and, if rustup has no llvm-tools (`rustup component add
# llvm-tools`), the Debian package of the LLVM that this Rust was built with.
#
# Usage: scripts/coverage.sh [ARGUMENT OF CARGO TEST]...        [--workspace]
#        scripts/coverage.sh --package pyao-server --lib        the library's unit tests alone
# Everything is built into coverage/ in the target directory; CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

[ $# -gt 0 ] || set -- --workspace
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/coverage

need cc gcc libc6-dev
need_without_service redis-server redis-server

version=$(rustc -vV)
host=$(sed -n 's/^host: //p' <<<"$version")
llvm=$(sed -n 's/^LLVM version: \([0-9]*\).*/\1/p' <<<"$version")
if [ -z "${LLVM_COV:-}" ] && [ ! -x "$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-cov" ]; then
    need "llvm-cov-$llvm" "llvm-$llvm"
    export LLVM_COV=llvm-cov-$llvm LLVM_PROFDATA=llvm-profdata-$llvm
fi
if ! cargo llvm-cov --version >/dev/null 2>&1; then
    say "installing cargo-llvm-cov"
    cargo install --locked cargo-llvm-cov
fi

# Set through the environment, so that programs that the tests build and start are measured too.
eval "$(cargo llvm-cov show-env --sh)"
cargo llvm-cov clean --workspace
say "running the tests: cargo test $*"
cargo test --locked "$@"

say "reporting"
cargo llvm-cov report --html --output-dir "$CARGO_TARGET_DIR"
cargo llvm-cov report --lcov --output-path "$CARGO_TARGET_DIR/lcov.info"
# In an LCOV file SF is a source file, LF its lines and LH those that ran.
awk -F: -v root="$PWD/" '
    function row(name, ran, lines) { printf "%-16s %6d of %6d lines  %5.1f %%\n", name, ran, lines, 100 * ran / lines }
    $1 == "SF" { crate = $2; sub(root, "", crate); sub("/(src|tests|benches)/.*", "", crate) }
    $1 == "LF" { lines[crate] += $2; total_lines += $2 }
    $1 == "LH" { ran[crate] += $2; total_ran += $2 }
    END {
        for (crate in lines) row(crate, ran[crate], lines[crate])
        row("total", total_ran, total_lines)
    }' "$CARGO_TARGET_DIR/lcov.info"
echo "report: $CARGO_TARGET_DIR/html/index.html"
