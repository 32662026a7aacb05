# shellcheck shell=bash
# The outputs and the job summary, for every end of the step. Needs common.sh.
# shellcheck disable=SC2154 # run.sh has the variables

write_outputs() {
    [[ -n "${GITHUB_OUTPUT:-}" ]] || return 0
    if [[ "$verdict" == error ]]; then
        output verdict error
        output reason "$(failure_line)"
    else
        cat -- "$private/outputs" >>"$GITHUB_OUTPUT"
        output decision-path "$(existing "$reports/decision.json")"
        output report-path "$(existing "$reports/summary.md")"
        output sarif-path "$(existing "$reports/holdpoint.sarif")"
        output vsa-path "$(existing "$reports"/vsa.json "$reports"/vsa-*.json)"
    fi
}

# output NAME VALUE: of any number of lines.
output() {
    local end="end_$end_word"
    printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}

# Those of the files that exist, a line each.
existing() {
    local file
    for file in "$@"; do
        [[ ! -f "$file" ]] || native_path "$file"
    done
}

# Why there is no verdict, in one line of at most 1,024 characters.
failure_line() {
    local line='the step ended before there was a verdict'
    [[ ! -s "$private/failure" ]] || line="$(head -n 1 -- "$private/failure")"
    line="${line//$'\r'/ }"
    printf '%s' "${line:0:1024}"
}

write_summary() {
    [[ -n "${GITHUB_STEP_SUMMARY:-}" ]] || return 0
    if [[ "$verdict" == error ]]; then
        printf '## ✗ No decision\n\nThe question could not be asked, so nothing was decided.\n\n<pre>\n%s\n</pre>\n' \
            "$(failure_text | escape_html)"
    else
        printf '%s\n\n' "$(consequence)"
        cat -- "$reports/summary.md"
    fi >>"$GITHUB_STEP_SUMMARY"
}

failure_text() {
    if [[ -s "$private/failure" ]]; then cat -- "$private/failure"; else failure_line; fi
}

escape_html() {
    sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g'
}

# What the mode makes of the verdict, where that is not what everybody expects.
consequence() {
    case "$verdict-$INPUT_MODE-$INPUT_ON_UNDECIDED" in
        allow-*) ;;
        *-dry-run-*) printf '%s' "> **Dry run:** the verdict is \`$verdict\`, and the job goes on." ;;
        *-warn-*) printf '%s' "> **Warning only:** the verdict is \`$verdict\`, and the job goes on." ;;
        undecided-enforce-pass) printf '%s' "> **Passed without a decision:** the verdict is \`$verdict\`, and the job goes on." ;;
    esac
}
