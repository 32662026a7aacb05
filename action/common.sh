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

# Sets `stop_word` and `end_word`, 128 random bits each, for what nobody may guess.
choose_words() {
    local digits
    digits="$(od -An -N32 -tx1 /dev/urandom)"
    digits="${digits//[!0-9a-f]/}"
    [[ ${#digits} -eq 64 ]] || die 'there are no random numbers on this runner'
    # shellcheck disable=SC2034 # decide.sh and report.sh use them
    stop_word="${digits:0:32}" end_word="${digits:32}"
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

# Sets `sum` to the SHA-256 of a file. OpenSSL comes first, as it is the quickest by far; its settings are for others.
sha256_of() {
    sum="$(OPENSSL_CONF=/dev/null openssl dgst -sha256 -r <"$1" 2>/dev/null)" ||
        sum="$(sha256sum <"$1" 2>/dev/null)" ||
        sum="$(shasum -a 256 <"$1" 2>/dev/null)" ||
        die "none of openssl, sha256sum and shasum is on this runner, so no program can be verified" "install one of them"
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
