#!/usr/bin/env bash
# Builds the files of a release for this machine's architecture: an archive with both static programs, documentation, man
# pages, completions, the settings file and the licences, and its checksum. First tries both programs by `chroot` in a
# directory that holds nothing else, which takes root or sudo. The files land in target/archives/.
#
# Usage: scripts/release.sh [TAG]       with a tag: fails unless it is v and the version in Cargo.toml
#   CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

target_folder=${CARGO_TARGET_DIR:-target}
version=$(cargo pkgid --locked --package pyao-server)
version=${version##*[#@]}
[ "${1:-v$version}" = "v$version" ] || fail "the tag is $1, but Cargo.toml says version $version"

scripts/build-static.sh
server=$(realpath "$target_folder/static/pyao-server")
admin=$(realpath "$target_folder/static/pyao-admin")
work=$(mktemp -d)
server_process=
trap '[ -z "$server_process" ] || as_root kill -9 "$server_process"; rm -rf "$work"' EXIT

# wait_until SECONDS COMMAND...: runs the command ten times a second until it succeeds.
wait_until() {
    local left=$(($1 * 10))
    shift
    until "$@"; do
        [ $((left--)) -gt 0 ] || return 1
        sleep 0.1
    done
}

# `kill -0` may not be permitted for a process that sudo started.
server_ended() { [ ! -e "/proc/$server_process" ]; }

# Runs a program as this user in a directory without libraries, devices and /etc.
alone=(chroot --userspec="$(id -u):$(id -g)" "$work/root")
[ "$(id -u)" -eq 0 ] || alone=(sudo "${alone[@]}")

# Starts the static server in an empty directory, requests /health, connects to the players' port, creates an account with
# the static pyao-admin, and stops the server.
try_programs() {
    mkdir "$work/root"
    cp "$server" "$admin" "$work/root"
    local start=("${alone[@]}" /pyao-server --host 127.0.0.1 --port 0 --ops 127.0.0.1:0 --no-redis)
    "${start[@]}" --check >/dev/null || fail "the server's --check fails"
    "${start[@]}" >"$work/log" 2>&1 &
    server_process=$!
    wait_until 10 grep -q 'listens on' "$work/log" || fail "the server does not listen: $(cat "$work/log")"

    # The log names the ports that the system chose.
    local players ops
    players=$(sed -n 's/.*listens on \([0-9.:]*\):.*/\1/p' "$work/log")
    ops=$(sed -n 's/.*listens on.* ops=\([0-9.:]*\).*/\1/p' "$work/log")
    (exec 3<>"/dev/tcp/${players/://}") || fail "nobody listens for players at $players"
    curl --fail --silent --show-error --max-time 5 "http://$ops/health" | grep '"status":"healthy"' || fail "not healthy"

    echo 'secreto' |
        "${alone[@]}" /pyao-admin --store pyao.db account create Ana --email ana@example.org --race elf \
            --gender female --class mage || fail "the tool creates no account"
    "${alone[@]}" /pyao-admin --store pyao.db accounts | grep -q Ana || fail "the tool does not list the account"

    as_root kill -TERM "$server_process"
    wait_until 15 server_ended || fail "the server goes on after SIGTERM"
    local outcome=0
    wait "$server_process" || outcome=$?
    server_process=
    [ "$outcome" -eq 0 ] || fail "the server ended with $outcome: $(cat "$work/log")"
}

# Prints names, versions and licences of the crates in the programs, and the texts that their licences require.
third_party_licences() {
    local crates sources crate name
    crates=$(cargo tree --locked --package pyao-server --package pyao-admin --edges normal --prefix none --no-dedupe \
        --format '{p} {l}' | sed 's/ (proc-macro)//; /^pyao-/d; /^$/d' | sort -u)
    sources=${CARGO_HOME:-$HOME/.cargo}/registry/src
    printf 'pyao-server and pyao-admin contain these crates:\n\n%s\n' "$crates"
    while read -r name crate _; do
        for text in "$sources"/*/"$name-${crate#v}"/{LICEN[CS]E,COPYING,NOTICE}*; do
            [ ! -f "$text" ] || printf '\n\n==== %s %s: %s\n\n%s\n' "$name" "$crate" "${text##*/}" "$(cat "$text")"
        done
    done <<<"$crates"
}

say "trying both programs in an empty directory"
try_programs

say "packing"
name=pyao-server-$version-linux-$(uname -m)
folder=$work/$name
mkdir -p "$folder/man/man1" "$folder/completions"
cp "$server" "$admin" LICENSE config.toml "$folder"
# The pages for players, admins and operators, at their places in the repository, so that links among them hold.
cp --parents README.md redis/README.md redis/redis.conf server/CHANGELOG.md \
    server/docs/{administering,operating,performance,playing}.md "$folder"
third_party_licences >"$folder/LICENSES-THIRD-PARTY"
"$admin" man "$folder/man/man1"
"$admin" completions bash >"$folder/completions/pyao-admin.bash"
"$admin" completions fish >"$folder/completions/pyao-admin.fish"
"$admin" completions zsh >"$folder/completions/_pyao-admin"

# Reproducible: no names of users, the commit's time for all files, no time in gzip's header.
time=$(git log -1 --format=%ct)
mkdir -p "$target_folder/archives"
cd "$target_folder/archives"
tar --directory "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" --create "$name" |
    gzip --best --no-name >"$name.tar.gz"
sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256"
tar --list --verbose --file "$name.tar.gz"
