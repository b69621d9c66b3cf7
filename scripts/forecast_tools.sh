#!/usr/bin/env bash
# Installs statsforecast and packages with public series, with which `make bench ARGS=forecast` compares the forecasts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

requirements=benches/shop/forecast/requirements.txt
python=target/forecast-python

if ! cmp --silent "$requirements" "$python/installed.txt"; then
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$requirements"
    cp "$requirements" "$python/installed.txt"
fi
