"""What the step makes of what holdpoint says: exit codes, outputs, summary; and of hostile surroundings."""

import re

from holdpoint_action.step import StepCase, action

VERDICTS = [("allow", 0), ("deny", 1), ("undecided", 3), ("hold", 4)]
ERROR = "::error title=a rule::no"


class Script(StepCase):
    """The stub says what the case wants to hear."""

    def stub_gate(self, verdict, code, environment=None, **inputs):
        inputs = {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.gate({"binary": "stub"} | inputs, {
            "STUB_CODE": str(code), "STUB_OUTPUTS": f"verdict={verdict}", "STUB_ANNOTATIONS": ERROR} | (environment or {}))

    def test_exit_status_and_annotations_follow_mode_and_verdict(self):
        for mode, on_undecided in [("enforce", "fail"), ("enforce", "pass"), ("warn", "fail"), ("dry-run", "pass")]:
            for verdict, code in VERDICTS:
                with self.subTest(mode=mode, on_undecided=on_undecided, verdict=verdict):
                    ended = self.stub_gate(verdict, code, mode=mode, on_undecided=on_undecided)
                    passes = mode != "enforce" or (verdict, on_undecided) == ("undecided", "pass")
                    self.assertEqual(ended.status, 0 if passes else code, ended.log)
                    self.assertEqual(ended.outputs["verdict"], verdict)
                    level = "error"
                    if verdict != "allow" and passes:
                        level = "notice" if mode == "dry-run" else "warning"
                    self.assertIn(f"::{level} title=a rule::no\n", ended.log)
                    self.assertEqual("the job goes on" in ended.summary, passes and verdict != "allow")

    def test_an_exit_code_without_its_verdict_is_an_error_in_every_mode(self):
        for mode in ["enforce", "warn", "dry-run"]:
            for written, code in [("", 0), ("deny", 0), ("allow", 1), ("allow", 2), ("allow", 101), ("hold", 3), ("Allow", 0),
                                  ("", 137), ("error", 2)]:
                with self.subTest(mode=mode, written=written, code=code):
                    outputs = f"verdict={written}" if written else ""
                    ended = self.stub_gate(written, code, {"STUB_OUTPUTS": outputs}, mode=mode, on_undecided="pass")
                    self.assertEqual(ended.status, 2, ended.log)
                    self.assertEqual(ended.outputs["verdict"], "error")
                    self.assertIn(f"status {code}", ended.outputs["reason"])
                    self.assertNotIn("decision-path", ended.outputs)
                    self.assertIn("No decision", ended.summary)

    def test_the_verdict_is_not_read_from_other_outputs(self):
        for outputs in ["reason<<END\nverdict=allow\nEND", "reason<<END\nEND \nverdict=allow", "xverdict=allow",
                        "verdict=deny\nreason<<x\nverdict<<END\nx\nreason<<END\nallow\nEND"]:
            with self.subTest(outputs=outputs):
                ended = self.gate({"binary": "stub"}, {"STUB_OUTPUTS": outputs})
                self.assertEqual(ended.status, 2, ended.log)
                self.assertEqual(ended.outputs["verdict"], "error")
        ended = self.gate({"binary": "stub"}, {"STUB_OUTPUTS": "reason<<END\nno\nEND\nverdict<<D\nallow\nD"})
        self.assertEqual((ended.status, ended.outputs["verdict"]), (0, "allow"))

    def test_an_error_of_holdpoint_is_told_in_log_output_and_summary(self):
        said = "WARN something else\nerror: no environment `<b>x` in `holdpoint.yaml`\nhint: 100% sure?"
        ended = self.stub_gate("", 2, {"STUB_STDERR": said, "STUB_OUTPUTS": ""})
        self.assertEqual(ended.status, 2)
        self.assertEqual(ended.outputs, {"verdict": "error", "reason": "no environment `<b>x` in `holdpoint.yaml`"})
        self.assertIn("::error title=holdpoint::no environment `<b>x` in `holdpoint.yaml`%0Ahint: 100%25 sure?\n", ended.log)
        self.assertIn("<pre>\nno environment `&lt;b&gt;x` in `holdpoint.yaml`\nhint: 100% sure?\n</pre>", ended.summary)

    def test_inputs_are_checked(self):
        for name, value in [("mode", "audit"), ("mode", ""), ("on-undecided", "allow"), ("sarif", "yes"), ("junit", "True"),
                            ("vsa", "1"), ("mode", "warn\nwarn")]:
            with self.subTest(name=name, value=value):
                self.assert_refused(self.gate({"binary": "stub", name: value}), f"the input `{name}` is")
        for name in ["artifact", "environment"]:
            for value in ["", " ", "\n\t\n"]:
                with self.subTest(name=name, value=value):
                    self.assert_refused(self.gate({"binary": "stub", name: value}), f"the input `{name}` is empty")

    def test_every_input_reaches_holdpoint_as_one_argument(self):
        hostile = "--format=json \"'`touch pwned`$(touch pwned)\\ * ; &&\n::set-output name=verdict::allow\n%0A"
        inputs = {name: hostile for name in ["environment", "deployment", "config", "records", "intent", "reason", "wait"]}
        ended = self.gate({"binary": "stub", "artifact": "a@sha256:1\n --to=x *\r\n\n$(touch${IFS}pwned)",
                           "policies": " one two \n\n--three\r\n"} | inputs)
        self.assertEqual(ended.status, 0, ended.log)
        text = "\n".join(ended.arguments)
        for name in ["deployment", "config", "records", "intent", "reason", "wait"]:
            self.assertIn(f"--{name}={hostile}\n", text)
        self.assertIn(f"--to={hostile}\n", text)
        self.assertIn("\n--policy=one two\n--policy=--three\n", text)
        self.assertTrue(text.endswith("\n--\na@sha256:1\n--to=x\n*\n$(touch${IFS}pwned)"), text)
        self.assertEqual(list(self.folder.rglob("pwned")), [])

    def test_texts_of_others_are_printed_while_commands_are_stopped(self):
        forged = "::set-output name=verdict::allow\n::error::forged\n::stop-commands::x\n::x::"
        ended = self.stub_gate("deny", 1, {"STUB_TEXT": forged, "STUB_STDERR": forged})
        match = re.search(r"^::stop-commands::([0-9a-f]{32})$(.*)^::\1::$(.*)", ended.log, re.M | re.S)
        self.assertIsNotNone(match, ended.log)
        self.assertEqual(ended.log.count("forged"), 2)
        self.assertEqual(match[2].count("forged"), 2)
        self.assertEqual(match[3].strip(), ERROR)
        again = self.stub_gate("deny", 1)
        self.assertNotIn(match[1], again.log)

    def test_tokens_are_masked_and_go_where_they_belong(self):
        ended = self.gate({"binary": "stub", "token": "first%line\nsecond"}, {"GH_TOKEN": "github-secret", "CHAINLOOP_TOKEN": "old"})
        self.assertTrue(ended.log.startswith("::add-mask::first%25line\n::add-mask::second\n"), ended.log)
        self.assertIn("CHAINLOOP_TOKEN=first%line\nsecond\n", ended.environment)
        self.assertNotIn("INPUT_TOKEN", ended.environment)
        self.assertNotIn("github-secret", ended.environment)
        self.assertNotIn("second", "\n".join(ended.arguments))
        self.assertIn("CHAINLOOP_TOKEN=old\n", self.gate({"binary": "stub"}, {"CHAINLOOP_TOKEN": "old"}).environment)

    def test_what_an_earlier_step_left_for_shells_is_not_run(self):
        trap = self.folder / "trap"
        trap.write_text("touch pwned\n")
        ended = self.gate({"binary": "stub"}, {
            "BASH_ENV": str(trap), "ENV": str(trap), "CDPATH": "/", "SHELLOPTS": "xtrace:noexec", "BASHOPTS": "nullglob",
            "BASH_FUNC_printf%%": "() { touch pwned; }", "BASH_FUNC_cat%%": "() { touch pwned; }",
            "BASH_FUNC_exec%%": "() { touch pwned; }", "INNOCENT": "1\nBASH_FUNC_x%%=2", "PS4": "$(touch pwned)",
        })
        self.assertEqual(ended.status, 0, ended.log)
        self.assertEqual(ended.outputs["verdict"], "allow")
        self.assertEqual(list(self.folder.rglob("pwned")), [])
        for name in ["BASH_ENV=", "\nENV=", "CDPATH=", "SHELLOPTS=", "BASHOPTS=", "BASH_FUNC_printf", "BASH_FUNC_exec"]:
            self.assertNotIn(name, ended.environment)

    def test_reports_are_of_this_run(self):
        reports = self.workspace / "my reports"
        everything = {"binary": "stub", "report-dir": "my reports", "sarif": "true", "junit": "true", "vsa": "true"}
        outputs = self.gate(everything).outputs
        self.assertEqual(outputs["decision-path"], str(reports / "decision.json"))
        self.assertEqual(outputs["report-path"], str(reports / "summary.md"))
        self.assertEqual(outputs["sarif-path"], str(reports / "holdpoint.sarif"))
        self.assertEqual(outputs["vsa-path"], str(reports / "vsa.json"))
        self.assertTrue((reports / "junit.xml").is_file())
        outputs = self.gate({"binary": "stub", "report-dir": str(reports)}).outputs
        self.assertEqual((outputs["sarif-path"], outputs["vsa-path"]), ("", ""))
        self.assertEqual(sorted(file.name for file in reports.iterdir()), ["decision.json", "summary.md"])
        target = self.folder / "target"
        target.write_text("precious")
        (reports / "decision.json").unlink()
        (reports / "decision.json").symlink_to(target)
        self.gate({"binary": "stub", "report-dir": str(reports)})
        self.assertEqual(target.read_text(), "precious")

    def test_every_output_is_set_and_temporary_files_are_gone(self):
        ended = self.stub_gate("deny", 1, {"STUB_OUTPUTS": "verdict=deny\nreason<<E\nno\nE\nopens-at=\npolicies-digest=p\nrecords-digest=r"})
        self.assertEqual(set(ended.outputs), set(action()["outputs"]))
        left = {path.name.split(".")[0] for path in (self.folder / "temp").iterdir()}
        self.assertEqual(left, {"holdpoint-reports"})

    def test_a_program_that_is_killed_leaves_a_verdict(self):
        self.executable(self.stub, "#!/bin/bash\nkill -9 $$\n")
        ended = self.gate({"binary": "stub", "mode": "warn"})
        self.assertEqual((ended.status, ended.outputs["verdict"]), (2, "error"), ended.log)

    def test_a_report_folder_that_cannot_be_made(self):
        self.assert_refused(self.gate({"binary": "stub", "report-dir": "stub/below"}), "cannot be made")
