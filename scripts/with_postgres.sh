#!/usr/bin/env bash
# Runs a command with DATABASE_URL set to an empty database on a temporary PostgreSQL server, which is removed
# afterwards: with_postgres.sh COMMAND [ARGUMENT...]
set -euo pipefail

if (($# == 0)); then
    echo "usage: $0 COMMAND [ARGUMENT...]" >&2
    exit 2
fi

bindir=$("$(dirname "${BASH_SOURCE[0]}")/postgres_bindir.sh")
if [[ -z $bindir ]]; then
    echo "PostgreSQL's server programs are not installed: run 'apt-get install postgresql'" >&2
    exit 1
fi

# $TMPDIR is not used, because the path of a socket must be short.
folder=$(mktemp -d /tmp/stockroom-check.XXXXXX)

# PostgreSQL refuses to run as root, so root starts it as another account.
as_owner=()
if ((EUID == 0)); then
    account=postgres
    id "$account" >/dev/null 2>&1 || account=nobody
    chown "$account" "$folder"
    as_owner=(setpriv "--reuid=$(id -u "$account")" "--regid=$(id -g "$account")" --clear-groups --)
fi

# The programs start in a folder that every account can enter.
server() {
    (cd / && ${as_owner[@]+"${as_owner[@]}"} env -u PGDATA LC_ALL=C "$bindir/$1" --pgdata "$folder/data" "${@:2}")
}

clean_up() {
    if [[ -e $folder/data/postmaster.pid ]]; then
        server pg_ctl stop --silent --mode=immediate || true
    fi
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

server initdb --username=stockroom --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
if ! server pg_ctl start --silent --wait --log "$folder/log" \
    --options "-h '' -k $folder -p 5432 -c fsync=off -c timezone=UTC"; then
    cat "$folder/log" >&2
    exit 1
fi

unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGOPTIONS
export DATABASE_URL="postgres:///stockroom?host=$folder&port=5432&user=stockroom"
export PATH="$bindir:$PATH"
psql --no-psqlrc --quiet --command 'CREATE DATABASE stockroom' "${DATABASE_URL/stockroom?/postgres?}"
"$@"
