#!/usr/bin/env bash
# Runs the Postman collection twice against a server with a new demo store. The second run uses the data of the first.
# With --record, one run saves its responses in the collection. Two runs within a minute have more logins than the server
# accepts from one address by default, so the limits are off.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
    if [[ ${1:-} == --inside ]]; then
        run_collection "${@:2}"
        return
    fi
    npm ci --prefix postman --ignore-scripts --no-audit --no-fund --loglevel=error
    # Builds a test too. So the dependencies have the features of the test build, and are not compiled again.
    cargo build --locked --bin stockroom --test project
    STOCKROOM__LIMITS__LOGIN_PER_MINUTE=0 STOCKROOM__LIMITS__REGISTER_PER_MINUTE=0 \
        scripts/with_server.sh scripts/postman.sh --inside "$@"
}

run_collection() {
    node postman/run.js "$BASE_URL" "$@"
    if (($# == 0)); then
        node postman/run.js "$BASE_URL"
    fi
}

main "$@"
