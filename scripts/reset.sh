#!/usr/bin/env bash
# Removes the database of `make run`. The next start creates a new one with the demo store. It is refused while a
# Stockroom or a PostgreSQL process uses that database. It never changes another database, whatever the settings are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=data/postgres

main() {
    if [[ ! -e $data ]]; then
        echo "There is nothing to remove: $data does not exist"
        return
    fi
    if [[ ! -f $data/PG_VERSION ]]; then
        refuse "$data is not a database that Stockroom made"
    fi
    take_locks
    refuse_running_server
    rm -rf "$data"
    echo "Removed $data. 'make run' creates a new database with the demo store"
}

# Takes the two locks of Stockroom until the end of this script. The first is for starting and stopping the database,
# the second for using it. Without the program flock, only the check for a running server remains.
take_locks() {
    if ! command -v flock >/dev/null; then
        return
    fi
    exec 8<>"$data.lock" 9<>"$data.users"
    if ! flock --nonblock 8 || ! flock --nonblock 9; then
        refuse "a Stockroom uses $data: stop it first (Ctrl-C where 'make run' runs)"
    fi
}

# After Stockroom was killed, its PostgreSQL may still run. If PostgreSQL was killed too, the process id in its file may
# belong to another program.
refuse_running_server() {
    local server
    server=$(head -n 1 "$data/postmaster.pid" 2>/dev/null || true)
    if [[ -n $server && $(ps -o comm= -p "$server" 2>/dev/null) == *postgres* ]]; then
        refuse "PostgreSQL (process $server) still uses $data: end it by 'make run' and Ctrl-C, then try again"
    fi
}

refuse() {
    echo "Nothing was removed: $1" >&2
    exit 1
}

main
