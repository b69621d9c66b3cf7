#!/usr/bin/env bash
# Repeats the tests that depend on chance until a time is over: kills, outages and floods, and the races with many more
# repetitions. The first failure ends it.
#
# usage: scripts/soak.sh [MINUTES]    from 1 to 60, which is the default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes=${1:-60}
if ! [[ $minutes =~ ^[1-9][0-9]?$ ]] || ((minutes > 60)); then
    echo "usage: scripts/soak.sh [MINUTES], from 1 to 60" >&2
    exit 2
fi

# A binary and the module that is run from it. The time is checked after each of them.
steps=(
    "processes kills::" "processes expiry_kills::" "processes goods_kills::" "processes return_kills::" "processes feed_kills::"
    "processes outages::" "processes floods::" "processes embedded_postgres::" "processes connections::"
    "processes reports::" "processes revocations::" "api batches::" "api races::buying::" "api races::cancelling::"
    "api races::changing::" "api races::counts::" "api races::credits::" "api races::holds::" "api races::invoices::"
    "api races::keys::" "api races::payment_windows::" "api races::places::" "api races::purchases::"
    "api races::rerouting::" "api races::returns::" "api races::shipping::" "api races::transfers::"
    "api races::values::" "api histories::" "api credits::" "api returns::" "api counts::" "api transfers::"
    "api purchasing::" "api accounts::" "api idempotency::" "api callbacks::" "api scarcity::" "api events::"
    "processes large::"
)

export STOCKROOM_TEST_REPETITIONS=${STOCKROOM_TEST_REPETITIONS:-1000}
export STOCKROOM_HISTORIES=${STOCKROOM_HISTORIES:-500}
export STOCKROOM_FEED_SECONDS=${STOCKROOM_FEED_SECONDS:-60}

cargo test --locked --no-run --test api --test processes
runs=0
SECONDS=0
while true; do
    for step in "${steps[@]}"; do
        if ((SECONDS >= 60 * minutes)); then
            echo "The soak ended after $SECONDS s: $runs steps of ${#steps[@]} in a round, all passed"
            exit 0
        fi
        read -r binary module <<<"$step"
        started=$SECONDS
        # A step that hangs is a failure.
        timeout 30m cargo test --locked --quiet --test "$binary" -- --include-ignored "$module" || {
            echo "The soak failed after $SECONDS s in $binary $module" >&2
            exit 1
        }
        runs=$((runs + 1))
        echo "$binary $module passed in $((SECONDS - started)) s"
    done
done
