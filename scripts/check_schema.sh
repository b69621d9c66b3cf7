#!/usr/bin/env bash
# Checks that src/db/schema.rs matches the migrations. With --write, writes it instead. It needs no build, because the
# server may not compile with an old schema.rs.
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
        echo "$schema does not match the migrations: run 'make schema'" >&2
        exit 1
    else
        echo "$schema matches the migrations"
    fi
}

# Applies each migration in its own transaction.
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
