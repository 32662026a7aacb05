# shellcheck shell=bash
# Finds the program: a path, a build of this checkout, or a release that is verified before every use.
# Sets `program`. Needs common.sh.
# shellcheck disable=SC2154 # run.sh has `private` and the tokens

# What this action is a checkout of.
readonly checkout="${BASH_SOURCE[0]%/*}/.."

find_program() {
    if [[ -n "${INPUT_BINARY:-}" ]]; then
        use_binary "$INPUT_BINARY"
    elif [[ "${INPUT_VERSION:-}" == source ]]; then
        build_program
    else
        install_release "${INPUT_VERSION:-}"
    fi
}

use_binary() {
    program="$(shell_path "$1")"
    [[ "$program" == */* ]] || program="./$program"
    [[ -f "$program" && -x "$program" ]] || die "the input \`binary\` names \`$1\`, which is no program that can be run here"
    if [[ -n "${INPUT_CHECKSUM:-}" ]]; then
        check_checksum
        sha256_of "$program"
        [[ "$sum" == "$INPUT_CHECKSUM" ]] ||
            die "\`$1\` has the SHA-256 $sum, and not $INPUT_CHECKSUM as the input \`checksum\` says"
    fi
}

# Cargo reads the settings of the folder it runs in, so that must not be the caller's.
build_program() {
    [[ -z "${INPUT_CHECKSUM:-}" ]] || die "the input \`checksum\` cannot go with \`version: source\`" 'leave one of them out'
    command -v cargo >/dev/null ||
        die "cargo is missing, and \`version: source\` builds with it" 'install Rust in an earlier step, or name a release'
    local root folder name=holdpoint
    root="$(cd "$checkout" && pwd)"
    folder="${CARGO_TARGET_DIR:-$root/target}"
    if on_windows; then name=holdpoint.exe; fi
    (cd "$root" && cargo build --locked --release --bin holdpoint --target-dir "$(native_path "$folder")") >&2 ||
        die 'the build of holdpoint failed; the log has the reasons'
    program="$(shell_path "$folder")/release/$name"
}

install_release() {
    local version="$1" suffix='' sum='' target='' expected='' folder
    [[ -n "$version" ]] ||
        die "this commit of the action belongs to no release, so it has no program of its own" \
            "pin the action to a release, or set \`version: source\` or \`binary:\`"
    [[ "$version" =~ ^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}(-rc\.[0-9]{1,5})?$ ]] ||
        die "the input \`version\` is \`$version\`, and can be \`source\` or a version such as \`1.2.3\`"
    choose_target "${RUNNER_OS:-}" "${RUNNER_ARCH:-}"
    if on_windows; then suffix=.exe; fi
    expect_checksum "$version"
    folder="$(shell_path "${RUNNER_TOOL_CACHE:-$private}")/holdpoint/$version/$target"
    program="$folder/holdpoint$suffix"
    if [[ -f "$program" ]]; then
        sha256_of "$program"
        [[ "$sum" != "$expected" ]] || return 0
        annotate warning "\`$program\` in the tool cache is not holdpoint $version as it was released; it is downloaded again"
    fi
    mkdir -p "$folder"
    download "$version" "holdpoint-$target$suffix" "$expected"
}

# Sets `target` to that of a release for a runner's RUNNER_OS and RUNNER_ARCH.
choose_target() {
    case "$1-$2" in
        Linux-X64) target=x86_64-unknown-linux-musl ;;
        Linux-ARM64) target=aarch64-unknown-linux-musl ;;
        macOS-X64) target=x86_64-apple-darwin ;;
        macOS-ARM64) target=aarch64-apple-darwin ;;
        # Windows on ARM runs programs for x86_64.
        Windows-X64 | Windows-ARM64) target=x86_64-pc-windows-msvc ;;
        *)
            die "there is no release for this runner (RUNNER_OS \`$1\`, RUNNER_ARCH \`$2\`)" \
                "set \`version: source\` or \`binary:\`"
            ;;
    esac
}

check_checksum() {
    [[ "$INPUT_CHECKSUM" =~ ^[0-9a-f]{64}$ ]] ||
        die "the input \`checksum\` is \`$INPUT_CHECKSUM\`, and has to be a SHA-256: 64 digits, 0-9 and a-f"
}

# Sets `expected` to what the table says of a version and `target`; the caller's word counts for what the table does not have.
expect_checksum() {
    local given="${INPUT_CHECKSUM:-}" of_version of_target listed
    [[ -z "$given" ]] || check_checksum
    while read -r of_version of_target listed; do
        [[ "$of_version" != "$1" || "$of_target" != "$target" ]] || expected="$listed"
    done <"$checkout/action/checksums.txt"
    [[ -z "$given" || -z "$expected" || "$given" == "$expected" ]] ||
        die "the input \`checksum\` is not that of holdpoint $1 for $target, which is $expected"
    expected="${expected:-$given}"
    [[ -n "$expected" ]] ||
        die "holdpoint $1 for $target is not in the checksum table of this action" \
            "use a newer commit of the action, or give the \`checksum\` of the program"
}

# download VERSION ASSET SHA256: to `program`, which appears only once it is whole and verified.
download() {
    local server="${GITHUB_SERVER_URL:-https://github.com}" repository url part
    repository="${ACTION_REPOSITORY:-${GITHUB_REPOSITORY:-}}"
    [[ "$repository" =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || die "the action's repository is \`$repository\`, which is no name"
    url="$server/$repository/releases/download/v$1/$2"
    part="$private/$2"
    # No file of settings, no other protocol, no end without an end.
    curl --disable --proto '=https' --tlsv1.2 --fail --location --silent --show-error --retry 3 --retry-connrefused \
        --connect-timeout 20 --max-time 300 --max-filesize 536870912 --output "$part" -- "$url" >&2 ||
        die "holdpoint $1 could not be downloaded from $url" "try again, or set \`binary:\` to a program on the runner"
    sha256_of "$part"
    [[ "$sum" == "$3" ]] ||
        die "what came from $url has the SHA-256 $sum, and not $3; it was not run" 'report this: the release may have been tampered with'
    verify_attestation "$part" "$repository"
    chmod 755 "$part"
    mv -f "$part" "$program"
}

# GitHub's word, where `gh` can ask for it, that the release workflow of that repository built the program.
verify_attestation() {
    [[ "${GITHUB_SERVER_URL:-}" == https://github.com && -n "$github_token" ]] || return 0
    command -v gh >/dev/null && gh attestation verify --help >/dev/null 2>&1 || return 0
    GH_TOKEN="$github_token" gh attestation verify "$(native_path "$1")" --repo "$2" --signer-workflow "$2/.github/workflows/release.yml" >&2 ||
        die "no attestation says that the release workflow of $2 built what was downloaded; it was not run" \
            'try again if GitHub could not be reached; otherwise report this'
}
