#!/usr/bin/env bash
# Builds the desk, the admin UI, into admin/dist, if a source is newer. The next build of the program embeds it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
    if is_built; then
        return
    fi
    local bindir
    bindir=$(scripts/node_bindir.sh)
    # Scripts of packages are not run. None is needed.
    if [[ admin/package-lock.json -nt admin/node_modules/.package-lock.json ]]; then
        npm ci --prefix admin --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    fi
    echo "Building the admin UI" >&2
    if ! PATH=$bindir:$PATH npm run build --prefix admin --silent >&2; then
        # A part of a build must not look like a finished one.
        rm -rf admin/dist
        exit 1
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
