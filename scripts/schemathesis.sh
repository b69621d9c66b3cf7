#!/usr/bin/env bash
# Sends generated requests, valid and invalid ones, to every operation of the OpenAPI document, as an
# administrator and as a customer. No answer may be a 5xx, have an undocumented status, or differ from
# its schema. The seed is fixed, so that a run can be repeated.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seed=20260101
seconds_for_each_account=60
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance

main() {
    if [[ ${1:-} == --inside ]]; then
        try_as admin@example.com
        try_as customer@example.com
        return
    fi
    scripts/client_tools.sh
    # What an earlier run found would be tried first.
    rm -rf .schemathesis .hypothesis
    STOCKROOM__LIMITS__LOGIN_PER_MINUTE=0 STOCKROOM__LIMITS__REGISTER_PER_MINUTE=0 \
        scripts/with_server.sh scripts/schemathesis.sh --inside
}

# An administrator could deactivate the account that is used, so accounts are left alone.
try_as() {
    echo "As $1"
    target/clients-python/bin/schemathesis run tests/clients/generated/openapi.json \
        --url "$BASE_URL/api/v1" --header "Authorization: Bearer $(token_of "$1")" \
        --checks "$checks" --phases examples,coverage,fuzzing --max-examples 10 --seed "$seed" --workers 1 \
        --max-time "$seconds_for_each_account" --exclude-operation-id updateUser --no-shrink --continue-on-failure \
        --suppress-health-check all --request-timeout 20 --warnings off
}

token_of() {
    curl --silent --fail "$BASE_URL/api/v1/auth/login" --header 'Content-Type: application/json' \
        --data "{\"email\": \"$1\", \"password\": \"stockroom-demo\"}" |
        sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

main "$@"
