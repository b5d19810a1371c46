#!/bin/sh
# Starts Redis in the container of redis/Dockerfile, with the password of REDIS_PASSWORD.
#
# The password is passed on standard input: a command line shows in every process list. Without a password Redis answers
# inside the container only (protected mode).
set -eu

conf=/usr/local/etc/redis/redis.conf
password=${REDIS_PASSWORD:-}

if [ -z "$password" ]; then
    echo "REDIS_PASSWORD is not set: Redis will answer inside this container only" >&2
    exec redis-server "$conf" --dir /data --bind '*' '-::*' "$@"
fi

# Inside double quotes the configuration understands \" and \\.
quoted=$(printf '%s' "$password" | sed 's/[\\"]/\\&/g')
exec redis-server "$conf" --dir /data --bind '*' '-::*' "$@" - <<END
requirepass "$quoted"
END
