#!/usr/bin/env bash
# Sends valid and invalid generated requests to every operation of the OpenAPI document, as an administrator and as a
# customer. Then sends chains of requests, in which a request uses the response of the one before. No response may be a
# 5xx, have an undocumented status, or differ from its schema. Afterwards every invariant must hold in the database. The
# seed is fixed, so runs can be repeated.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seed=20260101
seconds_for_single_requests=40
seconds_for_chains=20
seconds_for_accounts=10
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance
password=stockroom-demo

main() {
    if [[ ${1:-} == --inside ]]; then
        inside
        return
    fi
    scripts/client_tools.sh
    # Without these folders, no results of earlier runs are tried first.
    rm -rf .schemathesis .hypothesis
    STOCKROOM__LIMITS__LOGIN_PER_MINUTE=0 STOCKROOM__LIMITS__REGISTER_PER_MINUTE=0 \
        scripts/with_server.sh scripts/schemathesis.sh --inside
}

# Changes of accounts come last, because they can deactivate any account. A separate administrator sends them.
inside() {
    local account
    for account in admin@example.com customer@example.com; do
        try_as "$account" --phases examples,coverage,fuzzing --max-time "$seconds_for_single_requests" \
            --exclude-operation-id updateUser
        try_as "$account" --phases stateful --max-time "$seconds_for_chains" --exclude-operation-id updateUser
    done
    STOCKROOM_PASSWORD=$password target/debug/stockroom user create --role admin --email second-admin@example.com
    try_as second-admin@example.com --phases examples,coverage,fuzzing --max-time "$seconds_for_accounts" \
        --include-operation-id updateUser
    target/debug/stockroom verify --all
}

# try_as ACCOUNT OPTION...
# Health checks and metrics are outside of the base URL. Streams do not end.
try_as() {
    echo "As $*"
    PYTHONPATH=tests/clients SCHEMATHESIS_HOOKS=schemathesis_hooks \
        target/clients-python/bin/schemathesis run tests/clients/generated/openapi.json \
        --url "$BASE_URL/api/v1" --header "Authorization: Bearer $(token_of "$1")" \
        --checks "$checks" --max-examples 10 --seed "$seed" --workers 1 --no-shrink --continue-on-failure \
        --suppress-health-check all --request-timeout 20 --exclude-tag monitoring \
        --exclude-operation-id streamEvents --exclude-operation-id streamAvailability --warnings off "${@:2}"
}

token_of() {
    curl --silent --fail "$BASE_URL/api/v1/auth/login" --header 'Content-Type: application/json' \
        --data "{\"email\": \"$1\", \"password\": \"$password\"}" |
        sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

main "$@"
