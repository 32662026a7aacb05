#!/usr/bin/env bash
# Builds plugins/target/components/version-skew.wasm.
# Needs node 18 or later with npm, and python3 with pip; it fetches componentize-qjs and wasm-tools of fixed versions.
source "$(dirname "${BASH_SOURCE[0]}")/../tools/common.sh"
cd "$plugins"

sources=(version-skew/{build.sh,package.json,package-lock.json,*.js})

# `npm ci` would not do: the package names builds for platforms that were never published, so no lock file is whole.
# What is installed is checked against the hashes of the lock file all the same.
npm_install() {
    cp version-skew/package.json version-skew/package-lock.json "$1"
    npm install --prefix "$1" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error >&2
}

build() {
    local tools work
    need node nodejs
    need npm npm
    tools="$(in_cache "version-skew-npm-$(hash_of version-skew/package-lock.json)-$(uname -m)" npm_install)" \
        || fail 'componentize-qjs cannot be installed' 'the npm registry has to be reachable the first time'
    work="$(mktemp -d)"
    # shellcheck disable=SC2064  # the folder of now
    trap "rm -rf '$work'" EXIT
    # --sync: the runtime without the asynchronous ABI, which holdpoint does not speak.
    "$tools/node_modules/.bin/componentize-qjs" --wit wit --world plugin --stub-wasi --sync \
        --js version-skew/component.js --output "$work/version-skew.wasm" >/dev/null
    finish version-skew "$work/version-skew.wasm" "${sources[@]}"
}

is_current version-skew "${sources[@]}" || build
