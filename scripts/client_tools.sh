#!/usr/bin/env bash
# Installs the tools of tests/clients, and writes the OpenAPI document there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clients=tests/clients
python=target/clients-python

# Scripts of packages are not run. None is needed, and some send usage data.
npm ci --prefix "$clients" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null

if ! cmp --silent "$clients/requirements.txt" "$python/installed.txt"; then
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$clients/requirements.txt"
    cp "$clients/requirements.txt" "$python/installed.txt"
fi

# Builds a test too. So the dependencies have the features of the test build, and are not compiled again.
cargo build --locked --bin stockroom --test architecture
mkdir -p "$clients/generated"
target/debug/stockroom openapi >"$clients/generated/openapi.json"
