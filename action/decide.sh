# shellcheck shell=bash
# Asks the program, and draws the conclusion. Needs common.sh.
# shellcheck disable=SC2154 # run.sh has the variables

# Files of an earlier run are gone before the first word of this one, so that no output names an old decision.
prepare_reports() {
    local wanted="${INPUT_REPORT_DIR:-}"
    if [[ -n "$wanted" ]]; then
        reports="$(shell_path "$wanted")"
        [[ "$reports" == /* ]] || reports="$PWD/$reports"
        mkdir -p -- "$reports" || die "the folder \`$wanted\` of the input \`report-dir\` cannot be made"
    else
        reports="$(mktemp -d "$(shell_path "${RUNNER_TEMP:-/tmp}")/holdpoint-reports.XXXXXXXX")"
    fi
    rm -f -- "$reports"/{decision.json,summary.md,holdpoint.sarif,junit.xml,vsa.json,vsa-[0-9]*.json}
}

# Fills `arguments` from the inputs. Each value is of one piece with its flag, so that none can pass for another flag.
collect_arguments() {
    local artifacts=() line
    arguments=(check "--config=${INPUT_CONFIG:-holdpoint.yaml}" "--to=$INPUT_ENVIRONMENT" --github-context)
    optional deployment "${INPUT_DEPLOYMENT:-}"
    optional intent "${INPUT_INTENT:-}"
    optional reason "${INPUT_REASON:-}"
    optional wait "${INPUT_WAIT:-}"
    optional records "${INPUT_RECORDS:-}"
    while IFS= read -r line; do
        line="$(trim "$line")"
        optional policy "$line"
    done <<<"${INPUT_POLICIES:-}"
    arguments+=(--format=github)
    report text "$private/decision.txt"
    report github-output "$private/outputs"
    report json "$reports/decision.json"
    report markdown "$reports/summary.md"
    [[ "$INPUT_SARIF" != true ]] || report sarif "$reports/holdpoint.sarif"
    [[ "$INPUT_JUNIT" != true ]] || report junit "$reports/junit.xml"
    [[ "$INPUT_VSA" != true ]] || arguments+=("--vsa=$(native_path "$reports/vsa.json")")
    # No pattern is expanded here, as it would be in a list of words.
    IFS=$' \t\r\n' read -r -d '' -a artifacts <<<"$INPUT_ARTIFACT" || true
    arguments+=(-- "${artifacts[@]}")
}

optional() {
    [[ -z "$2" ]] || arguments+=("--$1=$2")
}

report() {
    arguments+=("--report=$1=$(native_path "$2")")
}

trim() {
    local text="$1"
    text="${text#"${text%%[![:space:]]*}"}"
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# Runs the program once. All that it says of others' texts is printed while the runner takes no commands; the annotations,
# which it escapes itself, afterwards.
decide() {
    local arguments=()
    collect_arguments
    [[ -z "$record_token" ]] || export CHAINLOOP_TOKEN="$record_token"
    # A shell of Windows would take texts such as `/now` for paths.
    export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'
    printf '::stop-commands::%s\n' "$stop_word"
    set +e
    "$program" "${arguments[@]}" 2>&1 >"$private/annotations" | tee "$private/errors"
    code="${PIPESTATUS[0]}"
    set -e
    [[ ! -f "$private/decision.txt" ]] || head -c 262144 "$private/decision.txt"
    printf '\n::%s::\n' "$stop_word"
}

# The verdict is what the program wrote and said with its exit code; where the two differ, neither counts.
conclude() {
    local written
    written="$(verdict_in "$private/outputs")"
    case "$code-$written" in
        0-allow | 1-deny | 3-undecided | 4-hold) verdict="$written" ;;
        *) fail_without_verdict ;;
    esac
    case "$verdict-$INPUT_MODE-$INPUT_ON_UNDECIDED" in
        allow-*) annotations_as '' ;;
        *-dry-run-*) annotations_as notice ;;
        *-warn-* | undecided-enforce-pass) annotations_as warning ;;
        *)
            annotations_as ''
            exit "$code"
            ;;
    esac
}

# Commands of the program, with its errors at another level where they stop nothing.
annotations_as() {
    local line
    while IFS= read -r line || [[ -n "$line" ]]; do
        if [[ -n "$1" && "$line" == '::error '* ]]; then line="::$1 ${line#'::error '}"; fi
        printf '%s\n' "$line"
    done <"$private/annotations"
}

# A question that could not be asked fails in every mode.
fail_without_verdict() {
    local said
    said="$(sed -n '/^error: /,$p' "$private/errors" | head -c 2048)"
    if [[ "$code" == 2 && -n "$said" ]]; then
        die "${said#error: }"
    fi
    die "\`$program\` ended with status $code and without the verdict that goes with it" \
        'the log has its last words; is it holdpoint, and of the version of this action?'
}

# Prints the verdict of a file of outputs: `name=value`, or `name<<END`, lines, `END`.
verdict_in() {
    local line end='' name='' value=''
    [[ -f "$1" ]] || return 0
    while IFS= read -r line; do
        if [[ -n "$end" ]]; then
            if [[ "$line" == "$end" ]]; then end=''; elif [[ "$name" == verdict ]]; then value="$line"; fi
        elif [[ "$line" == *'<<'* && "${line%%<<*}" != *=* ]]; then
            name="${line%%<<*}" end="${line#*<<}"
        elif [[ "$line" == verdict=* ]]; then
            value="${line#verdict=}"
        fi
    done <"$1"
    printf '%s\n' "$value"
}
