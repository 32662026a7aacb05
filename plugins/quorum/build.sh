#!/usr/bin/env bash
# Builds plugins/target/components/quorum.wasm.
# Needs python3 with pip; it fetches componentize-py and wasm-tools of fixed versions.
source "$(dirname "${BASH_SOURCE[0]}")/../tools/common.sh"
cd "$plugins"

modules=(quorum/{app,holdpoint,parameters,rule}.py)
sources=(quorum/build.sh "${modules[@]}")

build() {
    local tools work
    tools="$(python_tool componentize-py)"
    work="$(mktemp -d)"
    # shellcheck disable=SC2064  # the folder of now
    trap "rm -rf '$work'" EXIT
    # Everything in the folder goes into the component: tests stay behind.
    mkdir "$work/source"
    cp "${modules[@]}" "$work/source"
    (cd "$work/source" && PYTHONPATH="$tools" PYTHONDONTWRITEBYTECODE=1 python3 "$tools/bin/componentize-py" \
        --wit-path "$plugins/wit" --world plugin componentize app --stub-wasi --output "$work/quorum.wasm" >/dev/null)
    finish quorum "$work/quorum.wasm" "${sources[@]}"
}

is_current quorum "${sources[@]}" || build
