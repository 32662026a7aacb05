# Sourced by the build scripts of plugins in Rust.
#
# Needs rustup's Rust, whose target wasm32-unknown-unknown is added where it is missing. Without rustup Debian's packages
# do (apt-get install rustc-web cargo-web rust-web-src lld-19): the standard library is built from its source then.
# shellcheck shell=bash

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$plugins"

rust_target=wasm32-unknown-unknown

# cargo_wasm ARGUMENT...: cargo build for the target, with whichever Rust there is.
cargo_wasm() {
    local rustc
    rustc="$(command -v rustc || true)"
    if [[ -n $rustc ]] && has_target "$rustc"; then
        cargo build "$@"
    elif command -v rustup >/dev/null && rustup target add "$rust_target" >&2; then
        cargo build "$@"
    elif [[ -x /usr/bin/cargo && -n "$(find /usr/lib/rust* -maxdepth 3 -type d -path "*rustlib/src" 2>/dev/null)" ]]; then
        # Debian's linker is a package of its own, and its standard library comes as source.
        RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 \
            /usr/bin/cargo build -Zbuild-std=std,panic_abort "$@"
    else
        fail "Rust cannot build for $rust_target here" \
            "rustup target add $rust_target, or apt-get install rustc-web cargo-web rust-web-src lld-19"
    fi
}

has_target() {
    [[ -d "$("$1" --print sysroot)/lib/rustlib/$rust_target/lib" ]]
}

# build_rust NAME: builds the crate of that name, and checks its imports (`require_pure`).
build_rust() {
    local name="$1" sources work
    sources=(Cargo.toml Cargo.lock "$name"/{build.sh,Cargo.toml} sdk/Cargo.toml)
    mapfile -t -O "${#sources[@]}" sources < <(find sdk/src "$name/src" "$name"/*.json -type f | sort)
    if is_current "$name" "${sources[@]}"; then return; fi
    cargo_wasm --locked --release --target "$rust_target" --target-dir "$plugins/target" --package "$name"
    work="$(mktemp -d)"
    # shellcheck disable=SC2064  # the folder of now
    trap "rm -rf '$work'" EXIT
    wasm_tools component new "target/$rust_target/release/${name//-/_}.wasm" -o "$work/$name.wasm"
    finish "$name" "$work/$name.wasm" "${sources[@]}"
}
