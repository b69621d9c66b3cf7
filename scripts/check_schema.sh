#!/usr/bin/env bash
# Checks that src/db/schema.rs is what the migrations lead to. With --write, writes it instead. Needs no build, for the
# server may not compile while its schema.rs is out of date; tests/migrations.rs takes the migrations back and forth.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

schema=src/db/schema.rs

main() {
    if [[ ${1:-} == --print ]]; then
        migrate
        in_database --file scripts/print_schema.sql
        return
    fi
    local printed
    printed=$(scripts/with_postgres.sh scripts/check_schema.sh --print)
    if [[ ${1:-} == --write ]]; then
        echo "$printed" >"$schema"
    elif ! diff -u "$schema" - <<<"$printed"; then
        echo "$schema is not what the migrations lead to: run 'make schema'" >&2
        exit 1
    else
        echo "$schema is what the migrations lead to"
    fi
}

# Each migration in a transaction of its own, as diesel does it.
migrate() {
    local migration
    for migration in migrations/*/up.sql; do
        in_database --single-transaction --file "$migration"
    done
}

in_database() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@" "$DATABASE_URL"
}

main "$@"
