#!/usr/bin/env bash
# Checks the migrations against an empty database: src/db/schema.rs is what they lead to, and all
# of them can be taken back and made again. With --write, writes src/db/schema.rs instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=$PWD/target/tools
schema=src/db/schema.rs

main() {
    if [[ ${1:-} == --inside ]]; then
        "${2:-check}_schema"
        return
    fi
    install_diesel
    export PATH="$tools/bin:$PATH"
    if [[ ${1:-} == --write ]]; then
        scripts/with_postgres.sh scripts/check_schema.sh --inside write
    else
        cargo build --locked
        scripts/with_postgres.sh scripts/check_schema.sh --inside check
    fi
}

# The command line tool of the very version of the library: others may print differently.
install_diesel() {
    local version
    version=$(sed -n '/^name = "diesel"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)
    if [[ -x $tools/bin/diesel ]] && "$tools/bin/diesel" --version | grep -qwF "$version"; then
        return
    fi
    cargo install diesel_cli --version "=$version" --debug --locked --root "$tools" \
        --target-dir "$tools/build" --no-default-features --features postgres
}

check_schema() {
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT

    # As the server does it, from the migrations built into it.
    target/debug/stockroom migrate
    print_schema >"$folder/schema.rs"
    if ! diff -u "$schema" "$folder/schema.rs"; then
        echo "$schema is not what the migrations lead to: run 'make schema'" >&2
        exit 1
    fi

    dump >"$folder/once.sql"
    in_migrations revert --all
    if tables_left >&2; then
        echo "Taking all migrations back leaves the above behind" >&2
        exit 1
    fi
    in_migrations run
    dump >"$folder/again.sql"
    if ! diff -u "$folder/once.sql" "$folder/again.sql"; then
        echo "Taking all migrations back and making them again leads to another schema" >&2
        exit 1
    fi
    echo "The schema is up to date, and the migrations can be taken back and made again"
}

# Without the server: it may not build while its schema.rs is out of date.
write_schema() {
    in_migrations run
    print_schema >target/schema.rs
    mv target/schema.rs "$schema"
}

print_schema() {
    diesel print-schema | rustfmt --edition 2024 --config-path .
}

# With a configuration that names no schema file: this check must not rewrite it.
in_migrations() {
    : >target/tools/empty.toml
    diesel migration "$1" "${@:2}" --config-file target/tools/empty.toml --migration-dir migrations
}

# Newer versions of pg_dump write a random word into every dump.
dump() {
    pg_dump --schema-only --no-owner "$DATABASE_URL" | grep -vE '^\\(un)?restrict '
}

# Everything left in the schemas that are ours, but for diesel's own table and the extensions.
tables_left() {
    dump | grep -E '^CREATE (TABLE|TYPE|FUNCTION|PROCEDURE|VIEW|MATERIALIZED|SEQUENCE|DOMAIN|SCHEMA|AGGREGATE)' |
        grep -v '__diesel_schema_migrations\|diesel_manage_updated_at\|diesel_set_updated_at'
}

main "$@"
