#!/usr/bin/env bash
# Stops the temporary PostgreSQL that the tests share, if it runs, and removes its data if they are in memory. The tests
# start it and leave it running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

timeout_seconds=30
folder=${CARGO_TARGET_DIR:-target}/test-postgres
pid_file=$folder/data/postmaster.pid

main() {
    local server
    server=$(head -n 1 "$pid_file" 2>/dev/null || true)
    # After a server was killed, the process id in its file may belong to another program.
    if [[ -n $server && $(ps -o comm= -p "$server" 2>/dev/null) == postgres ]]; then
        stop "$server"
    fi
    if [[ -L $folder ]]; then
        rm -rf "$(readlink "$folder")" "$folder"
    fi
}

stop() {
    # The signal for a fast shutdown, which does not wait for clients.
    kill -INT "$1"
    local deadline=$((SECONDS + timeout_seconds))
    while [[ -e $pid_file ]]; do
        if ((SECONDS > deadline)); then
            echo "The tests' PostgreSQL (process $1) does not stop" >&2
            exit 1
        fi
        sleep 0.1
    done
}

main
