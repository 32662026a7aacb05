"""What is written about the action is what it is."""

import re
import subprocess
import unittest

from holdpoint_action.step import ROOT, StepCase, action


def table(heading):
    """The rows of the first table below a heading of the guide, as lists of cells."""
    section = (ROOT / "docs" / "github-action.md").read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


class Documents(unittest.TestCase):
    """The guide and action.yml, side by side."""

    def test_the_table_of_inputs(self):
        expected = []
        for name, declared in action()["inputs"].items():
            default = "required" if declared.get("required") else f"`{declared['default']}`" if declared.get("default") else ""
            default = "that of the action" if name == "version" else default
            expected.append([f"`{name}`", declared["description"], default])
        self.assertEqual(table("Inputs"), expected)

    def test_the_table_of_outputs(self):
        expected = [[f"`{name}`", declared["description"]] for name, declared in action()["outputs"].items()]
        self.assertEqual(table("Outputs"), expected)

    def test_every_input_reaches_the_script_and_no_expression_is_in_it(self):
        step, = action()["runs"]["steps"]
        inputs = {f"INPUT_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}" for name in action()["inputs"]}
        given = {name: value for name, value in step["env"].items() if name.startswith("INPUT_")}
        self.assertEqual(given, inputs)
        self.assertNotIn("${{", step["run"])
        scripts = "".join(path.read_text() for path in (ROOT / "action").glob("*.sh"))
        self.assertEqual([name for name in inputs if name not in scripts], [])

    def test_the_example_begins_with_a_few_lines(self):
        guide = (ROOT / "docs" / "github-action.md").read_text()
        self.assertLessEqual(len(re.search(r"```yaml\n(.*?)```", guide, re.S)[1].splitlines()), 10)

    def test_actions_are_pinned(self):
        files = [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("examples/github/*.yml"), *ROOT.glob("tests/action/workflows/*.yml"),
                 ROOT / "docs" / "github-action.md"]
        pins = {}
        for path in files:
            for action_name, pin, comment in re.findall(r"uses: ([\w./-]+)@(\S+)(.*)", path.read_text()):
                if action_name.startswith(("OWNER/", "acme/")):
                    continue
                self.assertRegex(pin, "^[0-9a-f]{40}$", path)
                self.assertRegex(comment, r"^ # v\d+\.\d+\.\d+$", path)
                pins.setdefault(action_name, set()).add((pin, comment))
        self.assertEqual({name: found for name, found in pins.items() if len(found) > 1}, {})


class Shell(StepCase):
    """The example for any pipeline."""

    def promote(self, code):
        done = self.folder / "deployed"
        deploy = self.folder / "deploy"
        self.executable(deploy, f'#!/bin/sh\nprintf "%s" "$1" >"{done}"\n')
        run = subprocess.run(
            ["sh", ROOT / "examples" / "shell" / "promote.sh", "production", "an artifact; id"], cwd=self.workspace, check=False,
            env={"PATH": "/usr/bin:/bin", "HOLDPOINT": str(self.stub), "DEPLOY": str(deploy), "STUB_SEEN": str(self.seen), "STUB_CODE": str(code)},
            capture_output=True, text=True)
        return run.returncode, done.read_text() if done.exists() else None

    def test_only_an_allow_deploys(self):
        for code in [1, 2, 3, 4, 101]:
            with self.subTest(code=code):
                self.assertEqual(self.promote(code), (code, None))
        self.assertEqual(self.promote(0), (0, "an artifact; id"))
        self.assertTrue((self.seen / "arguments").read_text().endswith("--\nan artifact; id\n"))
