"""What a release writes: one commit with the action's version and the checksums of its programs."""

import hashlib
import os
import pathlib
import shutil
import subprocess

from ruamel.yaml import YAML

from holdpoint_action.step import ROOT, StepCase

TARGETS = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "x86_64-apple-darwin", "aarch64-apple-darwin",
           "x86_64-pc-windows-msvc.exe"]


class Release(StepCase):
    """A copy of the files that a release reads and writes."""

    def setUp(self):
        super().setUp()
        for name in [".ci/release", "action.yml", "Cargo.toml", "CHANGELOG.md", "deploy/chart/Chart.yaml",
                     "deploy/chart/values.yaml"]:
            target = self.checkout / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        for name, old, new in [("Cargo.toml", 'version = "', 'version = "1.2.3"\n# "'), ("CHANGELOG.md", "## [", "## [1.2.3] - today\n\nNews.\n\n## ["),
                               ("deploy/chart/Chart.yaml", "version: ", "version: 1.2.3\n# "),
                               ("deploy/chart/Chart.yaml", "appVersion: ", "appVersion: 1.2.3\n# ")]:
            path = self.checkout / name
            path.write_text(path.read_text().replace(f"\n{old}", f"\n{new}", 1))

    def release(self, *arguments, **environment):
        environment = {"PATH": os.environ["PATH"]} | environment
        return subprocess.run(
            [self.checkout / ".ci" / "release", *arguments], env=environment, capture_output=True, text=True, check=False)

    def sums(self, targets):
        path = self.folder / "SHA256SUMS"
        lines = [f"{hashlib.sha256(target.encode()).hexdigest()}  holdpoint-{target}" for target in targets]
        path.write_text("\n".join([*lines, "0" * 64 + "  sbom.cdx.json", ""]))
        return path

    def test_the_tag_has_to_agree_with_the_files(self):
        self.assertEqual(self.release("version", "candidate/v1.2.3").stdout, "1.2.3\n", self.release("version", "candidate/v1.2.3").stderr)
        for tag, says in [("candidate/v1.2.4", "Cargo.toml says"), ("v1.2.3", "not of the form"), ("candidate/v1.2.3\nx", "not of the form"),
                          ("candidate/v1.2.3;id", "not of the form")]:
            with self.subTest(tag=tag):
                run = self.release("version", tag)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn(says, run.stderr)
        run = self.release("version", "candidate/v1.2.3", GITHUB_REPOSITORY="Holdpoint/holdpoint")
        self.assertEqual((run.returncode, run.stdout), (0, "1.2.3\n"), run.stderr)
        run = self.release("version", "candidate/v1.2.3", GITHUB_REPOSITORY="acme/holdpoint")
        self.assertIn("says `repository: ghcr.io/holdpoint/holdpoint`, and the image is ghcr.io/acme/holdpoint", run.stderr)
        chart = self.checkout / "deploy" / "chart" / "Chart.yaml"
        chart.write_text(chart.read_text().replace("appVersion: 1.2.3", "appVersion: 1.2.2"))
        self.assertIn("appVersion: 1.2.2", self.release("version", "candidate/v1.2.3").stderr)
        self.assertEqual(self.release("notes", "1.2.3").stdout.strip(), "News.")
        self.assertEqual(self.release("notes", "1.2").stdout, "")

    def test_the_action_of_a_release_installs_its_program(self):
        run = self.release("bump", "1.2.3", self.sums(TARGETS))
        self.assertEqual(run.returncode, 0, run.stderr)
        before, after = ((folder / "action.yml").read_text() for folder in (ROOT, self.checkout))
        self.assertEqual(len([1 for old, new in zip(before.splitlines(), after.splitlines()) if old != new]), 1)
        inputs = YAML(typ="safe").load(after)["inputs"]
        self.assertEqual(inputs["version"]["default"], "1.2.3")
        table = (self.checkout / "action" / "checksums.txt").read_text()
        self.assertEqual(table.count("\n1.2.3 "), 5)
        cached = pathlib.Path(self.tools) / "holdpoint" / "1.2.3" / TARGETS[0] / "holdpoint"
        cached.parent.mkdir(parents=True)
        shutil.copy(self.stub, cached)
        table = table.replace(hashlib.sha256(TARGETS[0].encode()).hexdigest(), hashlib.sha256(cached.read_bytes()).hexdigest())
        (self.checkout / "action" / "checksums.txt").write_text(table)
        ended = self.gate({"version": inputs["version"]["default"]})
        self.assertEqual((ended.status, ended.outputs["verdict"]), (0, "allow"), ended.log)
        self.assertIn("has been released", self.release("version", "candidate/v1.2.3").stderr)

    def test_a_release_that_is_not_whole_is_refused(self):
        self.assertIn("has 4 programs", self.release("bump", "1.2.3", self.sums(TARGETS[:4])).stderr)
        sums = self.sums(TARGETS)
        sums.write_text(sums.read_text().replace("  holdpoint-x86_64-apple", "  holdpoint-../x86"))
        self.assertIn("is no line of checksums", self.release("bump", "1.2.3", sums).stderr)
