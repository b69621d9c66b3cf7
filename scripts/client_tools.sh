#!/usr/bin/env bash
# Installs the tools of tests/clients, and writes the OpenAPI document there. Prints nothing if all
# is there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clients=tests/clients
python=target/clients-python

# No script of a package is run: none is needed, and some report to their makers.
npm ci --prefix "$clients" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null

if ! cmp --silent "$clients/requirements.txt" "$python/installed.txt"; then
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$clients/requirements.txt"
    cp "$clients/requirements.txt" "$python/installed.txt"
fi

# With a test, so that the dependencies have the features that they were built with for the tests.
cargo build --locked --bin stockroom --test architecture
mkdir -p "$clients/generated"
target/debug/stockroom openapi >"$clients/generated/openapi.json"
