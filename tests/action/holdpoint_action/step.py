"""The action's step as a runner would start it, without a runner: for odd runners and odd programs."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from ruamel.yaml import YAML

ROOT = pathlib.Path(__file__).parents[3]

# Does what the action expects of holdpoint, as the variables STUB_… say, and writes down how it was called.
STUB = """#!/bin/bash
printf '%s\\n' "$@" >"$STUB_SEEN/arguments"
env >"$STUB_SEEN/environment"
[[ -z "${STUB_STDERR:-}" ]] || printf '%s\\n' "$STUB_STDERR" >&2
for argument in "$@"; do
    case "$argument" in
        --report=github-output=*) [[ -z "${STUB_OUTPUTS-verdict=allow}" ]] || printf '%s\\n' "${STUB_OUTPUTS-verdict=allow}" >>"${argument#*=*=}" ;;
        --report=text=*) printf '%s\\n' "${STUB_TEXT:-a decision}" >"${argument#*=*=}" ;;
        --report=*) printf 'a report\\n' >"${argument#*=*=}" ;;
        --vsa=*) printf '{}' >"${argument#*=}" ;;
    esac
done
printf '%s\\n' "${STUB_ANNOTATIONS:-::notice title=holdpoint::allow}"
exit "${STUB_CODE:-0}"
"""


def action():
    """action.yml, read."""
    return YAML(typ="safe").load((ROOT / "action.yml").read_text())


class Ended:
    """How a step ended: `status`, `log`, `outputs`, `summary`, and how the stub was called, if it was."""

    def __init__(self, run, folder, seen):
        self.status, self.log = run.returncode, run.stdout
        self.outputs = parse_outputs((folder / "output").read_text())
        self.summary = (folder / "summary").read_text()
        arguments = seen / "arguments"
        self.arguments = arguments.read_text().splitlines() if arguments.exists() else None
        environment = seen / "environment"
        self.environment = environment.read_text() if environment.exists() else None


def parse_outputs(text):
    """The outputs in a file of `name=value` and `name<<END`, as a runner reads them."""
    outputs, lines = {}, iter(text.splitlines())
    for line in lines:
        if match := re.fullmatch(r"([^=]+?)<<(.+)", line):
            value = []
            for inner in lines:
                if inner == match[2]:
                    break
                value.append(inner)
            else:
                raise AssertionError(f"no end of {match[1]}")
            outputs[match[1]] = "\n".join(value)
        elif line:
            name, _, value = line.partition("=")
            outputs[name] = value
    return outputs


class StepCase(unittest.TestCase):
    """A test with a checkout of the action, a workspace, and a stub of holdpoint."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdpoint action "))
        self.addCleanup(shutil.rmtree, self.folder)
        self.checkout, self.workspace, self.tools = self.folder / "checkout", self.folder / "work space", self.folder / "tools"
        self.seen = self.folder / "seen"
        for folder in (self.workspace, self.tools, self.seen, self.folder / "temp", self.folder / "bin"):
            folder.mkdir()
        if bash := os.environ.get("HOLDPOINT_BASH"):
            (self.folder / "bin" / "bash").symlink_to(bash)
        shutil.copytree(ROOT / "action", self.checkout / "action")
        self.stub = self.workspace / "stub"
        self.executable(self.stub, STUB)

    @staticmethod
    def executable(path, text):
        """Writes a program."""
        path.write_text(text)
        path.chmod(0o755)

    def command(self, name, text):
        """Puts a command of that name before all others."""
        self.executable(self.folder / "bin" / name, text)

    def gate(self, inputs=None, environment=None):
        """Runs the step with these inputs; what is not given has the default of action.yml."""
        given = {"artifact": "sha256:" + "a" * 64, "environment": "production"} | (inputs or {})
        variables = {
            f"INPUT_{name.upper().replace('-', '_')}": str(given.get(name, declared.get("default", "")))
            for name, declared in action()["inputs"].items()
        }
        self.assertLessEqual(given.keys(), action()["inputs"].keys())
        output, summary = self.folder / "output", self.folder / "summary"
        output.write_text("")
        summary.write_text("")
        for old in self.seen.iterdir():
            old.unlink()
        variables |= {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder), "STUB_SEEN": str(self.seen),
            "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "RUNNER_TEMP": str(self.folder / "temp"),
            "RUNNER_TOOL_CACHE": str(self.tools), "GITHUB_ACTION_PATH": str(self.checkout),
            "GITHUB_REPOSITORY": "acme/shop", "ACTION_REPOSITORY": "acme/holdpoint",
            "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary),
        } | (environment or {})
        step = action()["runs"]["steps"][0]
        shell, script = step["shell"].split(), self.folder / "script.sh"
        script.write_text(step["run"])
        run = subprocess.run(
            [shell[0], *(str(script) if part == "{0}" else part for part in shell[1:])], cwd=self.workspace, env=variables,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        return Ended(run, self.folder, self.seen)

    def assert_refused(self, ended, *texts):
        """The step failed without a verdict and without running anything, and log, output and summary say why."""
        self.assertEqual(ended.status, 2, ended.log)
        self.assertIsNone(ended.arguments)
        self.assertEqual(ended.outputs["verdict"], "error")
        self.assertIn("::error title=holdpoint::", ended.log)
        self.assertIn("No decision", ended.summary)
        for text in texts:
            self.assertIn(text, ended.log)
        self.assertIn(texts[0], ended.outputs["reason"])
