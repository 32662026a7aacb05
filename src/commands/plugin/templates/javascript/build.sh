#!/usr/bin/env bash
# Builds {{name}}.wasm. Needs node 18 or later with npm; the first time it fetches the compiler that package.json names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[[ -x node_modules/.bin/componentize-qjs ]] || npm install --no-audit --no-fund --ignore-scripts
npm run --silent build
