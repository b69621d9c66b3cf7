#!/usr/bin/env bash
# Stops the temporary PostgreSQL that the tests share, if it runs. The tests start it and leave it running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

patience_seconds=30
data=${CARGO_TARGET_DIR:-target}/test-postgres/data
pid_file=$data/postmaster.pid

server=$(head -n 1 "$pid_file" 2>/dev/null || true)
# After a server was killed, the process id in its file may belong to another program.
if [[ -z $server || $(ps -o comm= -p "$server" 2>/dev/null) != postgres ]]; then
    exit 0
fi

# The signal for a fast shutdown, which does not wait for clients.
kill -INT "$server"
deadline=$((SECONDS + patience_seconds))
while [[ -e $pid_file ]]; do
    if ((SECONDS > deadline)); then
        echo "The tests' PostgreSQL (process $server) does not stop" >&2
        exit 1
    fi
    sleep 0.1
done
