#!/usr/bin/env bash
# Puts the data of the tests' PostgreSQL into memory, if there is enough of it: each test makes and removes about a thousand
# files, which is slow on a disk. scripts/stop_test_postgres.sh removes the data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

needed_kib=$((6 * 1024 * 1024))
folder=${CARGO_TARGET_DIR:-target}/test-postgres

# The memory that a link leads to is gone after a restart of the machine.
if [[ -L $folder && ! -e $folder ]]; then
    rm "$folder"
fi
if [[ -e $folder || ! -w /dev/shm ]]; then
    exit 0
fi
available_kib=$({ df -Pk /dev/shm | awk 'NR == 2 { print $4 }'; awk '/^MemAvailable:/ { print $2 }' /proc/meminfo; } |
    sort -n | head -n 1)
if ((available_kib > needed_kib)); then
    memory=$(mktemp -d /dev/shm/stockroom-tests.XXXXXX)
    # PostgreSQL may run as another user, who must reach the folder of its data.
    chmod 711 "$memory"
    mkdir -p "$(dirname "$folder")"
    ln -s "$memory" "$folder"
fi
