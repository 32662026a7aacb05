# shellcheck shell=bash
# What the other scripts share: workflow commands, errors, small helpers. For bash 3.2 and newer, as macOS has it.
# shellcheck disable=SC2154 # run.sh has `private`

# Text for a workflow command.
escape_data() {
    local text="$1"
    text="${text//'%'/%25}"
    text="${text//$'\r'/%0D}"
    printf '%s' "${text//$'\n'/%0A}"
}

# annotate LEVEL TEXT: an annotation of the run.
annotate() {
    printf '::%s title=holdpoint::%s\n' "$1" "$(escape_data "$2")"
}

# die MESSAGE [HINT]: ends the step; `finish` in run.sh tells the outputs and the summary why. Never within `$(…)`, which
# alone it would end: functions that may fail set a variable, and print nothing.
die() {
    printf '%s\n' "$1" >"$private/failure"
    [[ -z "${2:-}" ]] || printf 'hint: %s\n' "$2" >>"$private/failure"
    annotate error "$(cat -- "$private/failure")"
    exit 2
}

# 128 random bits, for what nobody may guess.
random_word() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

on_windows() {
    [[ "${RUNNER_OS:-}" == Windows ]]
}

# A path as programs of this system read it; the shell on Windows has its own form.
native_path() {
    if on_windows; then cygpath --mixed -- "$1"; else printf '%s\n' "$1"; fi
}

# A path of this system as the shell reads it.
shell_path() {
    if on_windows; then cygpath --unix -- "$1"; else printf '%s\n' "$1"; fi
}

# Sets `sum` to the SHA-256 of a file.
sha256_of() {
    if command -v sha256sum >/dev/null; then
        sum="$(sha256sum <"$1")"
    elif command -v shasum >/dev/null; then
        sum="$(shasum -a 256 <"$1")"
    else
        die "neither sha256sum nor shasum is on this runner, so no program can be verified" "install coreutils or perl"
    fi
    sum="${sum%% *}"
}

# one_of NAME VALUE ALLOWED…: refuses an input that is none of these.
one_of() {
    local name="$1" value="$2" allowed
    shift 2
    for allowed in "$@"; do
        [[ "$value" != "$allowed" ]] || return 0
    done
    die "the input \`$name\` is \`$value\`, and can be one of: $*"
}
