#!/usr/bin/env bash
# The gate's one step: finds the program, asks it, sets the outputs, and ends as `mode` and `on-undecided` say.
# action.yml gives every input as INPUT_…; nothing of them is ever part of a command's text.
set -euo pipefail

# What an earlier step left for shells to run is for no program that is started here: once more from the start without it.
if [[ "${1:-}" != cleaned ]]; then
    clean=(-u BASH_ENV -u ENV -u CDPATH -u SHELLOPTS -u BASHOPTS)
    while IFS= read -r line; do
        [[ "$line" != BASH_FUNC_*=* ]] || clean+=(-u "${line%%=*}")
    done < <(env)
    exec env "${clean[@]}" "$BASH" --noprofile --norc -p -- "$0" cleaned
fi

here="$(cd "${BASH_SOURCE[0]%/*}" && pwd)"
# shellcheck source=common.sh
source "$here/common.sh"
# shellcheck source=install.sh
source "$here/install.sh"
# shellcheck source=decide.sh
source "$here/decide.sh"
# shellcheck source=report.sh
source "$here/report.sh"

# Where it all stands, for `finish`.
program='' reports='' verdict=error github_token='' record_token='' stop_word='' end_word=''

# Whatever ended the step, the following steps find a verdict.
finish() {
    local status=$?
    trap - EXIT
    set +e
    write_outputs
    write_summary
    rm -rf -- "$private"
    exit "$status"
}

main() {
    take_tokens
    check_inputs
    find_program
    prepare_reports
    decide
    conclude
}

# Tokens leave the environment: each is given to the one program that it is for. The runner hides what is masked, line by
# line.
take_tokens() {
    local line
    github_token="${GH_TOKEN:-}" record_token="${INPUT_TOKEN:-}"
    unset -v GH_TOKEN INPUT_TOKEN
    while IFS= read -r line || [[ -n "$line" ]]; do
        line="${line%$'\r'}"
        [[ -z "$line" ]] || printf '::add-mask::%s\n' "$(escape_data "$line")"
    done <<<"$record_token"
}

check_inputs() {
    one_of mode "${INPUT_MODE:-}" enforce warn dry-run
    one_of on-undecided "${INPUT_ON_UNDECIDED:-}" fail pass
    one_of sarif "${INPUT_SARIF:-}" true false
    one_of junit "${INPUT_JUNIT:-}" true false
    one_of vsa "${INPUT_VSA:-}" true false
    [[ "${INPUT_ENVIRONMENT:-}" == *[![:space:]]* ]] || die "the input \`environment\` is empty"
    [[ "${INPUT_ARTIFACT:-}" == *[![:space:]]* ]] ||
        die "the input \`artifact\` is empty" 'was it to be the output of an earlier step or job that did not run?'
}

private="$(mktemp -d "$(shell_path "${RUNNER_TEMP:-/tmp}")/holdpoint.XXXXXXXX")"
trap finish EXIT
choose_words
main
