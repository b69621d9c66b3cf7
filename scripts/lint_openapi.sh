#!/usr/bin/env bash
# Checks the OpenAPI document by the recommended rules of Redocly and Spectral. Warnings count as errors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/client_tools.sh
cd tests/clients
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
report=generated/redocly.json
# The exit code of Redocly counts errors only.
if ! node_modules/.bin/redocly lint generated/openapi.json --config lint/redocly.yaml --format json >"$report" ||
    ! node -e 'process.exit(JSON.parse(require("fs").readFileSync(process.argv[1])).problems.length)' "$report"; then
    node_modules/.bin/redocly lint generated/openapi.json --config lint/redocly.yaml >&2 || true
    echo "Redocly found errors in the OpenAPI document" >&2
    exit 1
fi
node_modules/.bin/spectral lint generated/openapi.json --ruleset lint/spectral.yaml --fail-severity=warn
