#!/usr/bin/env bash
# Checks the admin UI: its types, whether they match the OpenAPI document, and its frame in Chromium, against the program
# with a new demo store. With --all, also the tests of each page, which take much longer. `--bench [OPTION...]` measures the
# pages of the server at DESK_URL instead, by default that of `make run`, and writes docs/bench/desk.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
    if [[ ${1:-} == --inside ]]; then
        run_tests "$2"
        return
    fi
    if [[ ${1:-} == --bench ]]; then
        measure "${@:2}"
        return
    fi
    local tests="test:frame"
    [[ ${1:-} != --all ]] || tests="test"
    scripts/build_desk.sh
    npm_run check
    # Builds a test too. So the dependencies have the features of the test build, and are not compiled again.
    cargo build --locked --bin stockroom --test project
    # Each test signs in. The receivers of webhooks are servers of the tests.
    STOCKROOM__LIMITS__LOGIN_PER_MINUTE=0 STOCKROOM__WEBHOOKS__ALLOW_PRIVATE=true \
        scripts/with_server.sh scripts/desk.sh --inside "$tests"
}

run_tests() {
    local chromium
    if chromium=$(scripts/chromium.sh); then
        CHROMIUM=$chromium DESK_URL=$BASE_URL npm_run "$1"
    else
        echo "Chromium is not installed: the admin UI is not tested" >&2
    fi
}

# The sizes of the scripts are those of admin/dist, so the server has to be built from it.
measure() {
    local url=${DESK_URL:-http://127.0.0.1:8080} chromium
    chromium=$(scripts/chromium.sh) || {
        echo "Chromium is not installed" >&2
        exit 1
    }
    scripts/build_desk.sh
    if ! curl --silent --fail --output /dev/null "$url/health/ready"; then
        echo "No server answers at $url: start one with make run, or set DESK_URL" >&2
        exit 1
    fi
    CHROMIUM=$chromium DESK_URL=$url npm_run bench -- "$@"
}

npm_run() {
    PATH=$(scripts/node_bindir.sh):$PATH npm run --prefix admin --silent "$@"
}

main "$@"
