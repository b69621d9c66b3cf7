#!/usr/bin/env bash
# Prints the folder of a Node.js that is new enough to build the admin UI. Where that of the system is too old, such as
# Debian 12's, npm installs a newer one below target/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=22.23.3
folder=$PWD/target/node-$version

main() {
    if is_new_enough node; then
        dirname "$(command -v node)"
        return
    fi
    # The package `node` would choose this package by a script. Scripts of packages are not run.
    local package
    package=$(node -p '"node-" + process.platform + "-" + process.arch')
    local bindir=$folder/node_modules/$package/bin
    if [[ ! -x $bindir/node ]]; then
        echo "Node.js $(node --version) is too old for the admin UI: installing $version below target/" >&2
        npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
            "$package@$version" >&2
    fi
    if ! is_new_enough "$bindir/node"; then
        echo "The admin UI needs Node.js 20.19 or 22.12, or later, and $package@$version does not run here: install it" >&2
        exit 1
    fi
    echo "$bindir"
}

# True for the versions of Node.js that Vite supports.
is_new_enough() {
    "$1" -e 'const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)' 2>/dev/null
}

main
