#!/usr/bin/env bash
# Stops the throw-away PostgreSQL that the tests share, if it runs. They start it by themselves and
# leave it running for each other.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

patience_seconds=30
data=${CARGO_TARGET_DIR:-target}/test-postgres/data
pid_file=$data/postmaster.pid

server=$(head -n 1 "$pid_file" 2>/dev/null || true)
# A server that was killed leaves its file behind, and its id may be another program's by now.
if [[ -z $server || $(ps -o comm= -p "$server" 2>/dev/null) != postgres ]]; then
    exit 0
fi

# The signal for a fast shutdown: nobody is waited for.
kill -INT "$server"
deadline=$((SECONDS + patience_seconds))
while [[ -e $pid_file ]]; do
    if ((SECONDS > deadline)); then
        echo "The tests' PostgreSQL (process $server) does not stop" >&2
        exit 1
    fi
    sleep 0.1
done
