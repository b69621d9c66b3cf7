#!/usr/bin/env bash
# Runs a command with BASE_URL set to a debug server with a new demo store without history, which is removed afterwards:
# with_server.sh COMMAND [ARGUMENT...]. It fails if the server does not stop in order. Commands of
# target/debug/stockroom use the database of that server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

timeout_seconds=60

if (($# == 0)); then
    echo "usage: $0 COMMAND [ARGUMENT...]" >&2
    exit 2
fi

folder=$(mktemp -d)
server=

clean_up() {
    if [[ -n $server ]]; then
        kill "$server" 2>/dev/null || true
        wait "$server" || true
    fi
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

main() {
    start_server
    if ! BASE_URL=$base_url STOCKROOM__DATABASE__DATA_DIR="$folder/postgres" \
        env -u DATABASE_URL -u JWT_SECRET "$@"; then
        fail "The command failed: $*"
    fi
    stop_server
}

# Starts the server on a free port, with its own database.
start_server() {
    env -u DATABASE_URL -u JWT_SECRET \
        STOCKROOM__SERVER__PORT=0 \
        STOCKROOM__DEMO__HISTORY_DAYS=0 \
        STOCKROOM__DATABASE__DATA_DIR="$folder/postgres" \
        target/debug/stockroom serve >"$folder/log" 2>&1 &
    server=$!
    local deadline=$((SECONDS + timeout_seconds))
    until base_url=$(grep -m1 -oE 'listening on http://[0-9.]+:[0-9]+' "$folder/log"); do
        if ! kill -0 "$server" 2>/dev/null || ((SECONDS > deadline)); then
            fail "The server did not start"
        fi
        sleep 0.1
    done
    base_url=${base_url#listening on }
}

stop_server() {
    local status=0 stopping=$server
    kill -TERM "$stopping"
    wait "$stopping" || status=$?
    server=
    if ((status != 0)); then
        fail "The server ended with status $status after SIGTERM"
    fi
}

fail() {
    echo "$1. The end of the server's log:" >&2
    tail -n 30 "$folder/log" >&2
    exit 1
}

main "$@"
