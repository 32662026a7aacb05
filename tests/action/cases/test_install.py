"""Where the program comes from: releases on every kind of runner, the tool cache, a path, a build."""

import hashlib

from holdpoint_action.releases import Releases
from holdpoint_action.step import STUB, StepCase

LINUX = "x86_64-unknown-linux-musl"
PROGRAM = STUB.encode()
SUM = hashlib.sha256(PROGRAM).hexdigest()
OTHER = "0" * 64

# A stub of the command of Windows that turns paths into those of the other world.
CYGPATH = """#!/bin/bash
printf '%s\\n' "${@: -1}"
"""


class Install(StepCase):
    """A server has release 1.2.3, and the table knows it for Linux."""

    def setUp(self):
        super().setUp()
        self.releases = Releases(self.folder)
        self.addCleanup(self.releases.stop)
        self.table(f"1.2.3 {LINUX} {SUM}")
        self.serve(f"holdpoint-{LINUX}")

    def table(self, *lines):
        (self.checkout / "action" / "checksums.txt").write_text("\n".join(["# version target sha256", *lines, ""]))

    def path(self, asset, version="1.2.3"):
        return f"/acme/holdpoint/releases/download/v{version}/{asset}"

    def serve(self, asset, version="1.2.3", body=PROGRAM):
        self.releases.files[self.path(asset, version)] = body

    def install(self, environment=None, **inputs):
        inputs = {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.gate({"version": "1.2.3"} | inputs, {
            "GITHUB_SERVER_URL": self.releases.url, "CURL_CA_BUNDLE": str(self.releases.certificate)} | (environment or {}))

    def assert_ran(self, ended):
        self.assertEqual(ended.status, 0, ended.log)
        self.assertEqual(ended.outputs["verdict"], "allow")
        self.assertIsNotNone(ended.arguments)

    def test_each_runner_gets_the_program_of_its_target(self):
        self.command("cygpath", CYGPATH)
        for system, machine, target, suffix in [
                ("Linux", "X64", LINUX, ""), ("Linux", "ARM64", "aarch64-unknown-linux-musl", ""),
                ("macOS", "X64", "x86_64-apple-darwin", ""), ("macOS", "ARM64", "aarch64-apple-darwin", ""),
                ("Windows", "X64", "x86_64-pc-windows-msvc", ".exe"),
                ("Windows", "ARM64", "x86_64-pc-windows-msvc", ".exe")]:
            with self.subTest(system=system, machine=machine):
                self.table(f"1.2.2 {target} {OTHER}", f"1.2.3 {target} {SUM}", f"1.2.4 {target} {OTHER}")
                self.serve(f"holdpoint-{target}{suffix}")
                self.assert_ran(self.install({"RUNNER_OS": system, "RUNNER_ARCH": machine}))
                self.assertTrue((self.tools / "holdpoint" / "1.2.3" / target / f"holdpoint{suffix}").is_file())

    def test_unknown_runners_are_refused(self):
        for system, machine in [("Linux", "X86"), ("Linux", "ARM"), ("macOS", "X86"), ("FreeBSD", "X64"), ("", ""),
                                ("Linux", "$(id)"), ("linux", "x64")]:
            with self.subTest(system=system, machine=machine):
                ended = self.install({"RUNNER_OS": system, "RUNNER_ARCH": machine})
                self.assert_refused(ended, "there is no release for this runner", f"`{machine}`", "version: source")
        self.assertEqual(self.releases.requests, [])

    def test_versions_have_one_form(self):
        for version in ["v1.2.3", "1.2", "latest", "1.2.3/../../..", "1.2.3\n4.5.6", "1.2.3 ", "../1.2.3", "1.2.3-rc", "$(id)",
                        "1.2.3-rc.1.2", "123456.0.0"]:
            with self.subTest(version=version):
                self.assert_refused(self.install(version=version), "the input `version` is")
        self.assertEqual(self.releases.requests, [])

    def test_an_action_without_a_release_says_what_to_do(self):
        self.assert_refused(self.install(version=""), "belongs to no release", "version: source", "binary:")

    def test_a_version_that_the_table_does_not_have_needs_a_checksum(self):
        self.serve(f"holdpoint-{LINUX}", "9.9.9")
        self.assert_refused(self.install(version="9.9.9"), "holdpoint 9.9.9 for", "not in the checksum table", "`checksum`")
        self.assertEqual(self.releases.requests, [])
        self.assert_ran(self.install(version="9.9.9", checksum=SUM))
        self.serve(f"holdpoint-{LINUX}", "9.9.9-rc.1")
        self.assert_ran(self.install(version="9.9.9-rc.1", checksum=SUM))

    def test_checksums_have_one_form_and_cannot_overrule_the_table(self):
        for checksum in ["abc", SUM.upper(), SUM + "\n", "sha256:" + SUM, "*" * 64]:
            with self.subTest(checksum=checksum):
                self.assert_refused(self.install(checksum=checksum), "the input `checksum` is")
        self.assert_refused(self.install(checksum=OTHER), "the input `checksum` is not that of holdpoint 1.2.3", SUM)
        self.assertEqual(self.releases.requests, [])
        self.assert_ran(self.install(checksum=SUM))

    def test_what_has_another_checksum_is_never_run(self):
        self.serve(f"holdpoint-{LINUX}", body=PROGRAM + b"# more\n")
        self.assert_refused(self.install(), "what came from", SUM, "it was not run")
        self.assertEqual(list(self.tools.rglob("holdpoint*/*/*/*")), [])

    def test_faults_of_the_server(self):
        asset = self.path(f"holdpoint-{LINUX}")
        with self.subTest("half of it"):
            self.releases.truncated.add(asset)
            self.assert_refused(self.install(), "could not be downloaded", "`binary:`")
            self.releases.truncated.clear()
        with self.subTest("another protocol"):
            self.releases.redirects[asset] = "http://127.0.0.1:9/holdpoint"
            self.assert_refused(self.install(), "could not be downloaded")
            self.releases.redirects.clear()
        with self.subTest("not there"):
            body = self.releases.files.pop(asset)
            self.assert_refused(self.install(), "could not be downloaded")
            self.releases.files[asset] = body
        with self.subTest("an unknown certificate"):
            self.assert_refused(self.install({"CURL_CA_BUNDLE": "/dev/null"}), "could not be downloaded")
        with self.subTest("a redirect, as releases have it"):
            self.releases.redirects[asset] = f"{self.releases.url}/elsewhere"
            self.releases.files["/elsewhere"] = PROGRAM
            self.assert_ran(self.install())

    def test_the_tool_cache_is_used_and_verified_each_time(self):
        self.assert_ran(self.install())
        self.assert_ran(self.install())
        self.assertEqual(len(self.releases.requests), 1)
        cached = self.tools / "holdpoint" / "1.2.3" / LINUX / "holdpoint"
        cached.write_text("#!/bin/sh\nexit 0\n")
        ended = self.install()
        self.assert_ran(ended)
        self.assertIn("::warning title=holdpoint::", ended.log)
        self.assertEqual(cached.read_bytes(), PROGRAM)
        cached.write_text("#!/bin/sh\nexit 0\n")
        self.releases.files.clear()
        self.assert_refused(self.install(), "could not be downloaded")

    def test_the_action_in_its_own_repository(self):
        self.releases.files = {"/acme/shop/releases/download/v1.2.3/holdpoint-" + LINUX: PROGRAM}
        self.assert_ran(self.install({"ACTION_REPOSITORY": ""}))
        self.assert_refused(
            self.install({"ACTION_REPOSITORY": "../..", "RUNNER_TOOL_CACHE": str(self.folder / "empty")}), "is no name")

    def test_attestations_are_verified_where_gh_can(self):
        # github.com cannot be had here: what it sends comes from a file.
        (self.folder / "asset").write_bytes(PROGRAM)
        self.command("curl", f'#!/bin/bash\nwhile [[ "$1" != --output ]]; do shift; done\ncp "{self.folder}/asset" "$2"\n')
        gh = f'#!/bin/bash\n[[ "$*" == *--help ]] && exit ${{GH_HELP:-0}}\nprintf "%s\\n" "$GH_TOKEN" "$@" >"{self.folder}/gh"\nexit "$GH_SAYS"\n'
        self.command("gh", gh)
        github = {"GITHUB_SERVER_URL": "https://github.com", "GH_TOKEN": "github-secret"}
        self.assert_refused(self.install(github | {"GH_SAYS": "1"}), "no attestation says", "acme/holdpoint")
        ended = self.install(github | {"GH_SAYS": "0"})
        self.assert_ran(ended)
        self.assertNotIn("github-secret", ended.environment)
        said = (self.folder / "gh").read_text()
        self.assertIn("github-secret\nattestation\nverify\n", said)
        self.assertIn("--signer-workflow\nacme/holdpoint/.github/workflows/release.yml\n", said)
        other = {"RUNNER_TOOL_CACHE": str(self.folder / "other")}
        self.assert_ran(self.install(github | other | {"GH_SAYS": "1", "GH_HELP": "1"}))

    def test_a_program_by_path(self):
        self.assert_ran(self.gate({"binary": "stub"}))
        self.assert_ran(self.gate({"binary": str(self.stub)}))
        self.assert_ran(self.gate({"binary": "./stub", "checksum": SUM}))
        self.assert_refused(self.gate({"binary": "stub", "checksum": OTHER}), "`stub` has the SHA-256", OTHER)
        for wrong in ["missing", ".", "ls", "stub\nls"]:
            with self.subTest(wrong=wrong):
                self.assert_refused(self.gate({"binary": wrong}), "the input `binary` names")

    def test_a_build_of_the_checkout(self):
        self.command("cargo", f"""#!/bin/bash
printf '%s\\n' "$PWD" "$@" >"{self.folder}/cargo"
while [[ "$1" != --target-dir ]]; do shift; done
mkdir -p "$2/release" && cp "{self.stub}" "$2/release/holdpoint"
exit "${{CARGO_SAYS:-0}}"
""")
        self.assert_ran(self.gate({"version": "source"}))
        said = (self.folder / "cargo").read_text()
        self.assertTrue(said.startswith(f"{self.checkout}\nbuild\n--locked\n--release\n"), said)
        self.assert_ran(self.gate({"version": "source"}, {"CARGO_TARGET_DIR": str(self.folder / "built")}))
        self.assertTrue((self.folder / "built" / "release" / "holdpoint").is_file())
        self.assert_refused(self.gate({"version": "source"}, {"CARGO_SAYS": "101"}), "the build of holdpoint failed")
        self.assert_refused(self.gate({"version": "source", "checksum": SUM}), "cannot go with")
