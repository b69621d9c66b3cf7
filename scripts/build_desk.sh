#!/usr/bin/env bash
# Builds the desk, the admin UI, into admin/dist, if a source is newer. The next build of the program embeds it. Meanwhile,
# this script is locked: build.rs and other runs of the script wait for the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
    lock
    if is_built; then
        return
    fi
    local bindir started
    bindir=$(scripts/node_bindir.sh)
    started=$(mktemp)
    # Scripts of packages are not run. None is needed.
    if [[ admin/package-lock.json -nt admin/node_modules/.package-lock.json ]]; then
        npm ci --prefix admin --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    fi
    echo "Building the admin UI" >&2
    if ! PATH=$bindir:$PATH npm run build --prefix admin --silent >&2; then
        # A part of a build must not look like a finished one.
        rm -rf admin/dist "$started"
        exit 1
    fi
    # The files get the time of the start, because cargo takes files for changed that are newer than the start of build.rs,
    # also if build.rs waited for them.
    find admin/dist -exec touch -r "$started" {} +
    rm "$started"
}

lock() {
    if command -v flock >/dev/null; then
        exec 9<scripts/build_desk.sh
        flock 9
    fi
}

# True if nothing has changed since the last build. Folders count, because a removed file changes its folder.
is_built() {
    local built=admin/dist/index.html
    [[ -e $built ]] || return 1
    local changed
    changed=$(find admin -mindepth 1 \( -path admin/dist -o -path admin/node_modules -o -path admin/tests \) -prune \
        -o -newer "$built" -print -quit)
    [[ -z $changed ]]
}

main
