#!/usr/bin/env bash
# Builds plugins/target/components/change-ticket.wasm.
# Needs Rust with its target wasm32-unknown-unknown, and python3 with pip; it fetches wasm-tools of a fixed version.
source "$(dirname "${BASH_SOURCE[0]}")/../tools/rust.sh"

# It asks a ticket system over http, with a secret: both have to be granted.
# shellcheck disable=SC2034  # `require_pure` reads it
granted='^(holdpoint:plugin/secrets@0\.1\.[0-9]+|wasi:http/(types|outgoing-handler)@.*|wasi:io/(error|poll|streams)@.*|wasi:clocks/monotonic-clock@.*)$'
build_rust change-ticket
