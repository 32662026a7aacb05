#!/usr/bin/env bash
# Builds plugins/target/components/deploy-pace.wasm.
# Needs clang and lld (Debian: clang-19 lld-19), and python3 with pip; it fetches wasm-tools of a fixed version.
# Set CLANG and WASM_LD for others.
source "$(dirname "${BASH_SOURCE[0]}")/../tools/common.sh"
cd "$plugins"

sources=(deploy-pace/{build.sh,*.c,*.h})

# first COMMAND...: the first of these that there is.
first() {
    local name
    for name in "$@"; do
        if command -v "$name"; then return; fi
    done
    fail "$1 is missing" 'apt-get install clang-19 lld-19'
}

build() {
    local work clang linker
    clang="${CLANG:-$(first clang-19 clang)}"
    linker="${WASM_LD:-$(first wasm-ld-19 wasm-ld)}"
    work="$(mktemp -d)"
    # shellcheck disable=SC2064  # the folder of now
    trap "rm -rf '$work'" EXIT
    # The stack comes first in memory, so that running out of it is a trap and not another variable's value.
    "$clang" --target=wasm32-unknown-unknown -std=c17 -Os -ffreestanding -nostdlib -mbulk-memory \
        -Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion -Werror \
        "-fuse-ld=$linker" -Wl,--no-entry,--stack-first,--strip-debug,-z,stack-size=65536 \
        deploy-pace/*.c -o "$work/core.wasm"
    wasm_tools component embed wit --world plugin "$work/core.wasm" -o "$work/embedded.wasm"
    wasm_tools component new "$work/embedded.wasm" -o "$work/deploy-pace.wasm"
    finish deploy-pace "$work/deploy-pace.wasm" "${sources[@]}"
}

is_current deploy-pace "${sources[@]}" || build
