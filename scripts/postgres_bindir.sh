#!/usr/bin/env bash
# Prints the folder of PostgreSQL's server programs, or nothing if they are not installed.
set -euo pipefail

candidates() {
    local program
    if program=$(command -v initdb); then
        dirname "$(readlink -f "$program")"
    fi
    if command -v pg_config >/dev/null; then
        pg_config --bindir
    fi
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
        /usr/local/opt/postgresql@*/bin | sort -rV
}

while read -r folder; do
    if [[ -x $folder/initdb && -x $folder/postgres && -x $folder/pg_ctl ]]; then
        echo "$folder"
        break
    fi
done <<<"$(candidates)"
