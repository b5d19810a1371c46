#!/usr/bin/env bash
# Runs Redis for development until Ctrl-C: this machine's redis-server, else a container with docker or podman.
#
# Usage: scripts/dev-redis.sh
#   REDIS_PORT      port on 127.0.0.1; 6379 if not set
#   REDIS_DATA      directory of its files, kept between runs; target/dev-redis if not set
#   REDIS_PASSWORD  password; none if not set (a container then gets "pyao")
#
# Then, in another terminal: cargo run --release -- --redis redis://127.0.0.1:6379
#            with a password: cargo run --release -- --redis redis://:PASSWORD@127.0.0.1:6379
set -euo pipefail
cd "$(dirname "$0")/.."

port=${REDIS_PORT:-6379}
data=${REDIS_DATA:-target/dev-redis}
password=${REDIS_PASSWORD:-}
mkdir -p "$data"
data=$(cd "$data" && pwd)

if command -v redis-server >/dev/null; then
    echo "Redis on 127.0.0.1:$port, files in $data"
    # Passed on standard input: a command line shows in every process list.
    quoted=$(printf '%s' "$password" | sed 's/[\\"]/\\&/g')
    exec redis-server redis/redis.conf --port "$port" --dir "$data" - <<<"requirepass \"$quoted\""
fi

for engine in docker podman; do
    command -v "$engine" >/dev/null || continue
    export REDIS_PASSWORD=${password:-pyao}
    echo "Redis on 127.0.0.1:$port in a container, password $REDIS_PASSWORD, files in the volume pyao-redis-dev"
    "$engine" build -t pyao-redis redis
    exec "$engine" run --rm --init -e REDIS_PASSWORD -p "127.0.0.1:$port:6379" -v pyao-redis-dev:/data pyao-redis
done

echo "There is no redis-server, docker or podman here. On Debian and Ubuntu: apt install redis-server" >&2
exit 1
