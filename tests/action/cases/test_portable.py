"""What macOS has: bash 3.2, which lacks much of newer ones, and programs of BSD, which lack much of GNU's."""

import re
import shutil

from holdpoint_action.step import ROOT, STUB, StepCase, action

# What no script may use, each with a line that uses it.
FORBIDDEN = [
    (r"\b(mapfile|readarray)\b", "mapfile -t lines <file"),
    (r"\$\{!?\w+(\[[^]]*\])?(,,?|\^\^?)", "echo ${name,,}"),
    (r"\$\{\w+(\[[^]]*\])?@[A-Za-z]\}", "echo ${name@Q}"),
    (r"\$\{\w+\[-", "echo ${list[-1]}"),
    (r"\b(declare|local|typeset|readonly)\s+-\w*[Aglnu]", "local -A seen=()"),
    (r"\bcoproc\b", "coproc cat"),
    (r"\|&|&>>", "make |& tee log"),
    (r";;?&", "a) echo ;;&"),
    (r"\[\[? -v ", "[[ -v name ]]"),
    (r"printf (-v \S+ )?['\"]?%\(", "printf '%(%s)T'"),
    (r"\bEPOCH(SECONDS|REALTIME)\b|\bSRANDOM\b|\bBASHPID\b", "echo $EPOCHSECONDS"),
    (r"\bwait -n\b", "wait -n"),
    (r"\bshopt -s (globstar|lastpipe|inherit_errexit)", "shopt -s globstar"),
    (r"\breadlink -f\b|\brealpath\b", 'readlink -f "$0"'),
    (r"\bsed (-\w+ )*-\w*[irz]", "sed -i s/a/b/ file"),
    (r"\bdate (-d|--date)", "date -d yesterday"),
    (r"\bstat (-\w*c|--format)", "stat -c %s file"),
    (r"\bgrep (-\w+ )*-\w*P", "grep -oP x"),
    (r"\bhead (-\w+ )*-[cn] ?-", "head -n -1"),
    (r"\bbase64 (-w|--wrap)", "base64 -w0"),
    (r"\bmktemp (--|-\w*[pt]\b)", "mktemp -p /tmp"),
    (r"\bxargs (-\w+ )*-\w*[dr]\b", "xargs -r rm"),
    (r"(?<![-\w])(tac|nproc|timeout|numfmt|truncate|flock)\s", "timeout 5 sleep 9"),
]
# Lists that are never empty: an empty one is an unset variable for bash 3.2.
FILLED = {"clean", "arguments", "artifacts"}
# What the scripts start, beside bash and the program.
PROGRAMS = {"cat", "chmod", "curl", "env", "head", "mkdir", "mktemp", "mv", "od", "rm", "sed", "tee"}
# Programs of BSD know no long options.
SHORT_OPTIONS = """#!/bin/bash
for argument in "$@"; do
    [[ "$argument" != -- ]] || break
    [[ "$argument" != --* ]] || { printf 'illegal option %s\\n' "$argument" >&2; exit 64; }
done
exec REAL "$@"
"""


def code(text):
    """The lines of a script without those that are comments."""
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


class Portable(StepCase):
    """The scripts, and the step with no program but those of PROGRAMS."""

    def lines(self):
        texts = {path.name: path.read_text() for path in sorted((ROOT / "action").glob("*.sh"))}
        texts["action.yml"] = action()["runs"]["steps"][0]["run"]
        self.assertGreater(len(texts), 4)
        return [(name, line) for name, text in texts.items() for line in code(text)]

    def test_the_scripts_use_nothing_that_macos_lacks(self):
        for pattern, sample in FORBIDDEN:
            self.assertRegex(sample, pattern)
            for name, line in self.lines():
                self.assertNotRegex(line, pattern, name)

    def test_lists_are_not_empty_where_they_are_expanded(self):
        expanded = {match for _, line in self.lines() for match in re.findall(r"\$\{(\w+)\[[@*]\]", line)}
        self.assertEqual(expanded, FILLED)

    def only(self, *programs):
        """A PATH with these programs alone, in the manner of BSD."""
        folder = self.folder / "only"
        folder.mkdir(exist_ok=True)
        for name in {"bash"} | PROGRAMS | set(programs):
            real, path = shutil.which(name, path=f"{self.folder / 'bin'}:/usr/bin:/bin"), folder / name
            path.unlink(missing_ok=True)
            if name in {"bash", "curl", "env", "shasum"}:
                path.symlink_to(real)
            else:
                self.executable(path, SHORT_OPTIONS.replace("REAL", real))
        return {"PATH": str(folder), "RUNNER_OS": "macOS", "RUNNER_ARCH": "ARM64"}

    def test_the_step_needs_few_programs(self):
        self.executable(self.stub, STUB.replace("env >", "/usr/bin/env >"))
        ended = self.gate({"binary": "stub", "vsa": "true", "junit": "true", "token": "t"}, self.only())
        self.assertEqual((ended.status, ended.outputs["verdict"]), (0, "allow"), ended.log)
        self.assertNotIn("command not found", ended.log)
        failing = self.gate({"binary": "stub"}, self.only() | {"STUB_CODE": "2", "STUB_STDERR": "error: a < b"})
        self.assertEqual((failing.status, failing.outputs["reason"]), (2, "a < b"), failing.log)
        self.assertIn("a &lt; b", failing.summary)

    def test_any_of_three_programs_makes_checksums(self):
        self.executable(self.stub, STUB.replace("env >", "/usr/bin/env >"))
        good = self.gate({"binary": "stub", "checksum": "0" * 64})
        expected = re.search(r"has the SHA-256 ([0-9a-f]{64}), and not", good.log)[1]
        for programs in [("sha256sum",), ("shasum", "perl"), ("openssl",), ("openssl", "sha256sum")]:
            with self.subTest(programs=programs):
                ended = self.gate({"binary": "stub", "checksum": expected}, self.only(*programs))
                self.assertEqual(ended.status, 0, ended.log)
                shutil.rmtree(self.folder / "only")
        self.assert_refused(self.gate({"binary": "stub", "checksum": expected}, self.only()), "none of openssl, sha256sum and shasum")
        # One that fails is passed over; one that lies is believed, and what it says is another checksum.
        path = self.only("sha256sum")
        self.executable(self.folder / "only" / "openssl", "#!/bin/bash\nexit 1\n")
        self.assertEqual(self.gate({"binary": "stub", "checksum": expected}, path).status, 0)
        self.executable(self.folder / "only" / "openssl", "#!/bin/bash\necho unknown option\n")
        self.assert_refused(self.gate({"binary": "stub", "checksum": expected}, path), "has the SHA-256 unknown")
