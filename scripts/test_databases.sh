#!/usr/bin/env bash
# Runs the tests of checkouts, holds and races again in two other environments. The first is pgbouncer in transaction
# mode, with two servers for each application under test. The second has other defaults of the database.
#
# Each race is repeated 30 times instead of 200, because these environments affect statements and locks, not timing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tests=(checkout cart orders payment_windows reservations cart_holds races hold_races window_races)

export STOCKROOM_TEST_REPETITIONS=30

arguments=()
for name in "${tests[@]}"; do
    arguments+=(--test "$name")
done

echo "Through pgbouncer: $(pgbouncer --version | head -n1)"
STOCKROOM_TEST_POOLER=1 cargo test --locked "${arguments[@]}"

echo "With other defaults of the database"
STOCKROOM_TEST_DEFAULTS=1 cargo test --locked "${arguments[@]}"
