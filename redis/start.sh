#!/bin/sh
# Starts Redis in the container of redis/Dockerfile, with the password of REDIS_PASSWORD.
#
# The password goes in by standard input: on the command line every process list would show it. Without a password
# Redis answers inside the container only (protected mode).
set -eu

conf=/usr/local/etc/redis/redis.conf
password=${REDIS_PASSWORD:-}

if [ -z "$password" ]; then
    echo "REDIS_PASSWORD is not set: Redis will answer inside this container only" >&2
    exec redis-server "$conf" --dir /data --bind '*' '-::*' "$@"
fi

# In double quotes the configuration knows \" and \\.
quoted=$(printf '%s' "$password" | sed 's/[\\"]/\\&/g')
exec redis-server "$conf" --dir /data --bind '*' '-::*' "$@" - <<END
requirepass "$quoted"
END
