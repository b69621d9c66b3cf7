#!/usr/bin/env bash
# Generates a TypeScript and a Python client from the OpenAPI document and runs their tests. Then tests the Swagger page
# in Chromium. All tests use a server with a new demo store.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

clients=$PWD/tests/clients
python=$PWD/target/clients-python/bin

main() {
    if [[ ${1:-} == --inside ]]; then
        run_client_tests
        return
    fi
    scripts/client_tools.sh
    generate_typescript
    generate_python
    # Each test signs in.
    STOCKROOM__LIMITS__LOGIN_PER_MINUTE=0 scripts/with_server.sh scripts/clients.sh --inside
}

generate_typescript() {
    rm -rf "$clients/generated/javascript"
    "$clients/node_modules/.bin/openapi-typescript" "$clients/generated/openapi.json" \
        --output "$clients/generated/schema.d.ts"
    "$clients/node_modules/.bin/tsc" --project "$clients/typescript"
}

generate_python() {
    "$python/openapi-python-client" generate --path "$clients/generated/openapi.json" \
        --config "$clients/python/generator.yaml" --meta none --overwrite --fail-on-warning \
        --output-path "$clients/generated/stockroom_client"
}

run_client_tests() {
    node --test "$clients/generated/javascript/"
    PYTHONPATH=$clients/generated "$python/pytest" --quiet -p no:cacheprovider "$clients/python"
    local chromium
    if chromium=$(scripts/chromium.sh); then
        CHROMIUM=$chromium node --test "$clients/browser/"
    else
        echo "Chromium is not installed: the Swagger page is not tested" >&2
    fi
}

main "$@"
