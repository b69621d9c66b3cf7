#!/usr/bin/env bash
# Runs the Postman collection twice against a server on a fresh demo store: the second run meets
# the data that the first one left. With --record, one run saves its answers in the collection.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
    if [[ ${1:-} == --inside ]]; then
        run_collection "${@:2}"
        return
    fi
    npm ci --prefix postman --ignore-scripts --no-audit --no-fund --loglevel=error
    # With a test, so that the dependencies have the features that they were built with for the tests.
    cargo build --locked --bin stockroom --test architecture
    scripts/with_server.sh scripts/postman.sh --inside "$@"
}

run_collection() {
    node postman/run.js "$BASE_URL" "$@"
    if (($# == 0)); then
        node postman/run.js "$BASE_URL"
    fi
}

main "$@"
