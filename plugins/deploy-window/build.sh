#!/usr/bin/env bash
# Builds plugins/target/components/deploy-window.wasm.
# Needs python3 with pip; it fetches Go and wasm-tools of fixed versions. Set GO to build with another Go (1.24 or later).
source "$(dirname "${BASH_SOURCE[0]}")/../tools/common.sh"
cd "$plugins"

sources=(adapter/pure-wasip1.wat deploy-window/{build.sh,go.mod,*.go,holdpoint/*.go,parameters.schema.json})

core_module() {
    local go="${GO:-}"
    [[ -n $go ]] || go="$(python_tool go)/go/bin/go"
    (cd deploy-window && env -u GOROOT GOOS=wasip1 GOARCH=wasm GOTOOLCHAIN=local GOFLAGS= GOWORK=off \
        "$go" build -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w' -o "$1" .)
}

build() {
    local work
    work="$(mktemp -d)"
    # shellcheck disable=SC2064  # the folder of now
    trap "rm -rf '$work'" EXIT
    core_module "$work/core.wasm"
    # Go's runtime imports WASI; the adapter answers it inside the component.
    wasm_tools parse adapter/pure-wasip1.wat -o "$work/adapter.wasm"
    wasm_tools component embed wit --world plugin "$work/core.wasm" -o "$work/embedded.wasm"
    wasm_tools component new "$work/embedded.wasm" --adapt "wasi_snapshot_preview1=$work/adapter.wasm" \
        -o "$work/deploy-window.wasm"
    finish deploy-window "$work/deploy-window.wasm" "${sources[@]}"
}

is_current deploy-window "${sources[@]}" || build
