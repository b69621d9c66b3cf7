#!/usr/bin/env bash
# Checks that all required programs and libraries are installed: `setup.sh run` for building and running, `setup.sh
# test` also for the tests, `setup.sh bench` for the benchmark. As root on Debian and Ubuntu, it installs the missing
# packages. Elsewhere it lists them and stops.
set -euo pipefail

purpose=${1:-run}
oldest_rust=1.90

main() {
    check_packages
    check_rust
}

check_packages() {
    local packages
    packages=$(missing_packages)
    if [[ -z $packages ]]; then
        return
    fi
    # Unquoted: one word for each package.
    # shellcheck disable=SC2086
    if ((EUID == 0)) && command -v apt-get >/dev/null; then
        install_packages $packages
    else
        explain_packages $packages
        exit 1
    fi
}

# Prints Debian's names of the missing packages.
missing_packages() {
    command -v cc >/dev/null && command -v make >/dev/null || echo build-essential
    command -v pkg-config >/dev/null || command -v pkgconf >/dev/null || echo pkg-config
    has_libpq || echo libpq-dev
    # For mail. On Debian, libpq-dev depends on it. macOS has its own TLS library.
    [[ $(uname) == Darwin ]] || pkg-config --exists openssl 2>/dev/null || echo libssl-dev
    [[ -n $("$(dirname "${BASH_SOURCE[0]}")/postgres_bindir.sh") ]] || echo postgresql
    # For the admin UI. The benchmark does not build it.
    if [[ $purpose != bench ]]; then
        command -v node >/dev/null || echo nodejs
        command -v npm >/dev/null || echo npm
    fi
    if [[ $purpose == test ]]; then
        command -v curl >/dev/null || echo curl
        has_venv || echo python3-venv
        # Ubuntu's package of this name installs a snap, which does not run everywhere.
        command -v chromium >/dev/null || ! is_debian || echo chromium
        command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer ]] || echo pgbouncer
    fi
    if [[ $purpose == bench ]]; then
        command -v wrk >/dev/null || echo wrk
        # For the forecasts that are compared with.
        has_venv || echo python3-venv
    fi
}

has_venv() {
    command -v python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null
}

is_debian() {
    grep -qx 'ID=debian' /etc/os-release 2>/dev/null
}

has_libpq() {
    if command -v pkg-config >/dev/null && pkg-config --exists libpq; then
        return
    fi
    # With Homebrew, only pg_config knows the path of libpq.
    command -v pg_config >/dev/null && [[ -e $(pg_config --includedir)/libpq-fe.h ]]
}

install_packages() {
    echo "Installing $*" >&2
    export DEBIAN_FRONTEND=noninteractive
    # Stockroom creates its own cluster. Without this setting, Debian would create and start another one.
    local no_cluster=/etc/postgresql-common/createcluster.d/stockroom.conf
    if [[ " $* " == *" postgresql "* && ! -e /etc/postgresql-common ]]; then
        mkdir -p "$(dirname "$no_cluster")"
        echo 'create_main_cluster = false' >"$no_cluster"
    fi
    apt-get update -q
    apt-get install -q -y --no-install-recommends "$@"
    rm -f "$no_cluster"
}

explain_packages() {
    {
        echo "Stockroom needs these packages (the names are Debian's): $*"
        if [[ $(uname) == Darwin ]]; then
            echo "On macOS: xcode-select --install && brew install pkgconf libpq postgresql@17 pgbouncer node python"
        elif command -v apt-get >/dev/null; then
            echo "Install them: sudo apt-get update && sudo apt-get install $*"
        elif command -v dnf >/dev/null; then
            echo "On Fedora: sudo dnf install gcc make pkgconf libpq-devel openssl-devel postgresql-server pgbouncer nodejs npm python3 chromium"
        fi
        echo "Then run make again."
    } >&2
}

check_rust() {
    if ! command -v cargo >/dev/null && [[ -x $HOME/.cargo/bin/cargo ]]; then
        echo "Rust is installed, but ~/.cargo/bin is not on the PATH: run '. ~/.cargo/env' first." >&2
        exit 1
    fi
    if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
        echo "Stockroom needs Rust $oldest_rust or later: install it from https://rustup.rs" >&2
        exit 1
    fi
    local version
    version=$(rustc --version | cut -d' ' -f2)
    if [[ $(printf '%s\n' "$oldest_rust" "$version" | sort -V | head -n1) != "$oldest_rust" ]]; then
        echo "Stockroom needs Rust $oldest_rust or later, this is $version: run 'rustup update stable'" >&2
        exit 1
    fi
    if [[ $purpose == test ]]; then
        local component
        for component in fmt clippy; do
            if ! cargo "$component" --version >/dev/null 2>&1; then
                echo "cargo $component is missing: run 'rustup component add rustfmt clippy'" >&2
                exit 1
            fi
        done
    fi
}

main
