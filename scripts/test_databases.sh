#!/usr/bin/env bash
# Runs the tests of checkouts, holds and races again in two other environments. The first is pgbouncer in transaction
# mode, with two servers for each application under test. The second has other defaults of the database.
#
# Each race is repeated 15 times instead of 40, because these environments affect statements and locks, not timing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Modules of tests/api.
modules=(checkout:: cart:: cart_holds:: orders:: payment_windows:: reservations:: races::)

export STOCKROOM_TEST_REPETITIONS=15

echo "Through pgbouncer: $(pgbouncer --version | head -n1)"
STOCKROOM_TEST_POOLER=1 cargo test --locked --test api -- "${modules[@]}"

echo "With other defaults of the database"
STOCKROOM_TEST_DEFAULTS=1 cargo test --locked --test api -- "${modules[@]}"
