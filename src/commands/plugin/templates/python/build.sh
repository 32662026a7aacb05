#!/usr/bin/env bash
# Builds {{name}}.wasm. Needs python3 with pip; the first time it fetches componentize-py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

version=0.25.1
fetched="${XDG_CACHE_HOME:-$HOME/.cache}/holdpoint-plugins/componentize-py-$version"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

if [[ ! -d $fetched ]]; then
    python3 -m pip install --quiet --disable-pip-version-check --target "$work/tools" "componentize-py==$version" >&2
    mkdir -p "$(dirname "$fetched")"
    mv -T "$work/tools" "$fetched"
fi
# Everything in the folder goes into the component: tests stay behind.
mkdir "$work/source"
find . -maxdepth 1 -name '*.py' ! -name 'test_*' -exec cp {} "$work/source" \;
wit="$PWD/wit"
output="$PWD/{{name}}.wasm"
cd "$work/source"
PYTHONPATH="$fetched" PYTHONDONTWRITEBYTECODE=1 python3 "$fetched/bin/componentize-py" \
    --wit-path "$wit" --world plugin componentize app --stub-wasi --output "$output"
