# Sourced by the build scripts of plugins: tools of fixed versions, kept in a cache outside of the work tree, and the
# checks that every component goes through. Needs bash, coreutils and python3 with pip (Debian: python3-pip).
#
#   HOLDPOINT_PLUGIN_CACHE   where tools are kept; else holdpoint-plugins in the user's cache
#
# Components land at plugins/target/components/NAME.wasm.
# shellcheck shell=bash

set -euo pipefail

plugins="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
components="$plugins/target/components"
cache="${HOLDPOINT_PLUGIN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/holdpoint-plugins}"
mkdir -p "$components" "$cache"

fail() {
    printf 'plugins: %s\n' "$1" >&2
    [[ $# -lt 2 ]] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# need COMMAND PACKAGE: the machine's own tools.
need() {
    command -v "$1" >/dev/null || fail "$1 is missing" "apt-get install $2"
}

# hash_of FILE...: one hash over names and contents.
hash_of() {
    sha256sum -- "$@" | sha256sum | cut -c 1-16
}

# in_cache FOLDER COMMAND...: runs the command with a new folder as its last argument, unless FOLDER is in the cache.
# Half an installation is never seen: the folder gets its name when the command is through.
in_cache() {
    local folder="$cache/$1" fresh
    shift
    if [[ ! -d $folder ]]; then
        fresh="$(mktemp -d "$cache/.new.XXXXXX")"
        "$@" "$fresh" || { rm -rf "$fresh"; return 1; }
        # Somebody else may have been quicker.
        mv -T "$fresh" "$folder" 2>/dev/null || rm -rf "$fresh"
    fi
    printf '%s\n' "$folder"
}

pip_install() {
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
        --only-binary :all: --require-hashes --requirement "$1" --target "$2" >&2
}

# python_tool NAME: the folder that has the package of tools/NAME.txt.
python_tool() {
    local requirements="$plugins/tools/$1.txt"
    need python3 'python3 python3-pip'
    python3 -m pip --version >/dev/null 2>&1 || fail 'python3 has no pip' 'apt-get install python3-pip'
    in_cache "$1-$(hash_of "$requirements")-$(uname -m)" pip_install "$requirements" \
        || fail "$1 cannot be installed" 'the registry of Python packages has to be reachable the first time'
}

wasm_tools() {
    local folder
    folder="$(python_tool wasm-tools)"
    PYTHONPATH="$folder" python3 "$folder/bin/wasm-tools" "$@"
}

# is_current NAME FILE...: whether the component was made of these very files.
is_current() {
    local name="$1"
    shift
    [[ -f $components/$name.wasm && "$(cat "$components/$name.inputs" 2>/dev/null)" == "$(inputs_of "$@")" ]]
}

inputs_of() {
    (cd "$plugins" && hash_of "$@" wit/plugin.wit tools/*)
}

# finish NAME COMPONENT FILE...: checks a component that was made of these files, and puts it in its place.
finish() {
    local name="$1" component="$2"
    shift 2
    require_pure "$component"
    mv -f "$component" "$components/$name.wasm"
    inputs_of "$@" >"$components/$name.inputs"
    printf '%s: %s bytes\n' "$name" "$(stat -c %s "$components/$name.wasm")"
}

# require_pure COMPONENT: it must import nothing but what every plugin is given, and what matches `granted` if the
# plugin's script sets that.
require_pure() {
    local foreign
    wasm_tools validate "$1" || fail "$1 is no valid component"
    foreign="$(wasm_tools component wit "$1" | sed -n 's/^  import \(.*\);$/\1/p' \
        | grep -vE -e '^holdpoint:plugin/(types|log|records)@0\.1\.[0-9]+$' -e "${granted:-^$}" || true)"
    [[ -z $foreign ]] || fail "$1 imports more than plugins are given: ${foreign//$'\n'/, }"
}
