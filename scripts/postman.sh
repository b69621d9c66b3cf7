#!/usr/bin/env bash
# Runs the Postman collection twice against a server on a fresh demo store: the second run meets
# what the first one left behind. Then the server has to stop in good order.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

patience_seconds=60

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
    npm ci --prefix postman --no-audit --no-fund --loglevel=error
    cargo build --locked
    start_server
    run_collection
    run_collection
    stop_server
}

# On a free port, with a database of its own.
start_server() {
    env -u DATABASE_URL -u JWT_SECRET \
        STOCKROOM__SERVER__PORT=0 \
        STOCKROOM__DATABASE__DATA_DIR="$folder/postgres" \
        target/debug/stockroom serve >"$folder/log" 2>&1 &
    server=$!
    local deadline=$((SECONDS + patience_seconds))
    until base_url=$(grep -m1 -oE 'listening on http://[0-9.]+:[0-9]+' "$folder/log"); do
        if ! kill -0 "$server" 2>/dev/null || ((SECONDS > deadline)); then
            echo "The server did not start:" >&2
            cat "$folder/log" >&2
            exit 1
        fi
        sleep 0.1
    done
    base_url=${base_url#listening on }
}

run_collection() {
    if ! postman/node_modules/.bin/newman run postman/stockroom.postman_collection.json \
        --environment postman/local.postman_environment.json \
        --env-var "base_url=$base_url" \
        --reporter-cli-no-success-assertions --reporter-cli-no-banner; then
        echo "The end of the server's log:" >&2
        tail -n 30 "$folder/log" >&2
        exit 1
    fi
}

stop_server() {
    local status=0 stopping=$server
    kill -TERM "$stopping"
    wait "$stopping" || status=$?
    server=
    if ((status != 0)); then
        echo "The server ended with status $status after SIGTERM:" >&2
        tail -n 30 "$folder/log" >&2
        exit 1
    fi
}

main
