#!/usr/bin/env bash
# Runs the stories, holds and races again on databases that are not as they usually are: through a pgbouncer in
# transaction mode, where each application under test is two servers, and with other defaults of the database.
#
# What differs here is every statement and every lock, not the chance of a moment: a race is run 30 times instead of
# 200. `cargo test` runs all of them.
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
