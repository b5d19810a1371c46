#!/usr/bin/env bash
# Measures the cost of the server and prints a table: time to start with a full world, memory, idling, file sizes, and
# 1,000 bots against a relay that only copies bytes. Takes about five minutes, builds not counted. Other work on the
# machine distorts the figures; the table shows how much there was.
#
# Usage: DATA=path/to/ao-data scripts/figures.sh
#   DATA      directory of the world's data     [the starter world]
#   STARTS    number of measured starts         [7]
#   IDLE      seconds of idling                 [60]
#   BOTS      bots that walk                    [1000]
#   WALK      seconds that they walk            [20]
#   RUNS      number of such runs               [3]
#   STATIC    no: leaves out the static files
#   CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

starts=${STARTS:-7}
idle_seconds=${IDLE:-60}
bots=${BOTS:-1000}
walk_seconds=${WALK:-20}
runs=${RUNS:-3}
target_folder=${CARGO_TARGET_DIR:-target}
start_limit_ms=30000

work=$(mktemp -d)
server_process=
stop_server() {
    if [ -n "$server_process" ]; then
        kill "$server_process" 2>/dev/null || true
        wait "$server_process" 2>/dev/null || true
        server_process=
    fi
}
trap 'stop_server; rm -rf "$work"' EXIT

rows=()
row() { rows+=("$(printf '%-48s %s' "$1" "$2")"); }

now_us() { echo "${EPOCHREALTIME/[.,]/}"; }
resident_kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }
# User and system time of a process in ticks; its name, the second field, has no spaces here.
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Starts the server with a store of its own, waits until it listens, and sets start_us to the time that took.
start_server() {
    local port=$1 data=()
    [ -z "${DATA:-}" ] || data=(--data "$DATA")
    local began
    began=$(now_us)
    "$server" --host 127.0.0.1 --port "$port" --ops "" --no-redis --store "$work/store-$port.sqlite" "${data[@]}" \
        >"$work/server.log" 2>&1 &
    server_process=$!
    until listens "$port"; do
        kill -0 "$server_process" 2>/dev/null || { cat "$work/server.log" >&2; fail "the server ended"; }
        [ $(($(now_us) - began)) -lt $((start_limit_ms * 1000)) ] || fail "the server does not listen"
    done
    start_us=$(($(now_us) - began))
}

# Prints a free port below those that the system gives to clients, because one of those may connect to itself.
free_port() {
    local port
    while :; do
        port=$((10000 + RANDOM % 20000))
        listens "$port" || { echo "$port"; return; }
    done
}

say "building"
cargo build --locked --release --package pyao-server --package pyao-load --bins
[ "${STATIC:-yes}" = no ] || scripts/build-static.sh >&2
target_folder=$(realpath "$target_folder")
server=$target_folder/release/pyao-server
load=$target_folder/release/load
[ -z "${DATA:-}" ] || DATA=$(realpath "$DATA")
# Outside the repository no configuration file is found, so every setting is at its default.
cd "$work"

say "starting $starts times"
times=()
for ((run = 0; run < starts; run++)); do
    start_server "$(free_port)"
    times+=("$start_us")
    stop_server
done
sorted=$(printf '%s\n' "${times[@]}" | sort -n)
row "start to listening, median of $starts" "$(sed -n "$((starts / 2 + 1))p" <<<"$sorted" | awk '{ printf "%.0f ms", $1 / 1000 }')"
row "  fastest and slowest" "$(sed -n '1p;$p' <<<"$sorted" | awk '{ printf "%s%.0f ms", sep, $1 / 1000; sep = ", " }')"

start_server "$(free_port)"
sleep 1
row "resident memory, nobody there" "$(resident_kib "$server_process" | awk '{ printf "%.1f MiB", $1 / 1024 }')"

say "idling for $idle_seconds s"
lines_before=$(wc -l <"$work/server.log")
ticks_before=$(cpu_ticks "$server_process")
sleep "$idle_seconds"
ticks=$(($(cpu_ticks "$server_process") - ticks_before))
lines=$(($(wc -l <"$work/server.log") - lines_before))
row "CPU idle over $idle_seconds s" "$(awk -v ticks="$ticks" -v hz="$(getconf CLK_TCK)" -v seconds="$idle_seconds" \
    'BEGIN { printf "%.3f %% of a core", 100 * ticks / hz / seconds }')"
row "log lines meanwhile" "$lines"
stop_server

row "pyao-server, release" "$(stat --format=%s "$server") bytes"
if [ "${STATIC:-yes}" != no ]; then
    for program in pyao-server pyao-admin; do
        row "$program, static" "$(stat --format=%s "$target_folder/static/$program") bytes"
    done
fi

clean=yes
ratios=()
limit=$((walk_seconds * 2 + 180))
for ((run = 1; run <= runs; run++)); do
    say "$bots bots for $walk_seconds s, run $run of $runs"
    timeout "$limit" "$load" --bots "$bots" --seconds "$walk_seconds" --baseline --server "$server" \
        ${DATA:+--data "$DATA"} >"$work/load.txt" || clean=no
    ratios+=("$(sed -n 's/^CPU a delivery, server \/ relay *//p' "$work/load.txt")")
    [ "$clean" = yes ] || break
done
row "CPU a delivery, server / relay, median of $runs" "$(printf '%s\n' "${ratios[@]}" | sort -n | sed -n "$(((runs + 1) / 2))p")"
row "  each run" "${ratios[*]}"

say "figures"
printf '%s on %s cores, Linux %s\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" "$(nproc)" "$(uname -r)"
printf 'world: %s\n\n' "${DATA:-starter world}"
printf '%s\n' "${rows[@]}"
printf '\nThe last run:\n'
cat "$work/load.txt"
[ "$clean" = yes ] || fail "the run with bots was not clean"
