"""What is in the image, what it says of itself, and what it is built from."""

import filecmp
import json
import stat
import unittest

from holdpoint_image.image import BUNDLE, CONTEXT, PROGRAM, ROOT, configuration, difference, members

POLICIES = "usr/share/holdpoint/policies"


def line(member):
    """One entry as it is kept in expected/."""
    kind = {b"0": "-", b"5": "d"}.get(member.type, "?")
    return f"{kind}{stat.filemode(member.mode)[1:]} {member.uid}:{member.gid} {member.name}\n"


def needed(program):
    """The files of the repository that this program was built from: cargo writes them down beside it."""
    text = program.with_name(f"{program.name}.d").read_text()
    paths = text.partition(": ")[2].replace("\\ ", "\0").split()
    return [path.replace("\0", " ") for path in paths]


def files(folder):
    """What is in each file below a folder."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Contents(unittest.TestCase):
    def assert_expected(self, name, found):
        """The text is that of a file in expected/."""
        if changed := difference(name, found):
            self.fail(f"HOLDPOINT_UPDATE=1 writes it anew\n{changed}")

    def test_has_these_files_with_these_rights_and_no_other(self):
        shown = [member for member in members() if not member.name.startswith(f"{POLICIES}/")]
        self.assert_expected("files.txt", "".join(map(line, sorted(shown, key=lambda member: member.name))))

    def test_no_file_hides_another(self):
        names = [member.name for member in members() if not member.isdir()]
        self.assertEqual(len(names), len(set(names)))

    def test_policies_are_those_of_the_repository_and_nobody_may_change_them(self):
        found = {member.name: member for member in members() if member.name.startswith(f"{POLICIES}/")}
        for name, member in found.items():
            mode = 0o755 if member.isdir() else 0o644
            self.assertEqual((stat.S_IMODE(member.mode), member.uid, member.gid), (mode, 0, 0), name)
        self.assertGreater(len(found), 20)
        self.assertEqual(files(BUNDLE / "rootfs" / POLICIES), files(ROOT / "policies"))

    def test_the_program_is_the_one_that_was_given(self):
        self.assertTrue(filecmp.cmp(PROGRAM, BUNDLE / "rootfs/usr/local/bin/holdpoint", shallow=False))

    def test_says_how_it_is_started_and_what_it_is(self):
        self.assert_expected("configuration.json", json.dumps(configuration(), indent=2, sort_keys=True) + "\n")


class Context(unittest.TestCase):
    def test_has_what_the_program_is_built_from(self):
        inside = [path for path in needed(PROGRAM) if path.startswith(f"{ROOT}/")]
        self.assertGreater(len(inside), 100, "cargo says that the program is of this repository")
        missing = [path for path in inside if not (CONTEXT / path.removeprefix(f"{ROOT}/")).is_file()]
        self.assertEqual(missing, [], ".dockerignore leaves out what the program is built from")

    def test_has_nothing_else(self):
        self.assertEqual(sorted(path.name for path in CONTEXT.iterdir()), [
            "Cargo.lock", "Cargo.toml", "LICENSE", "NOTICE", "README.md", "benches", "examples", "migrations",
            "plugins", "policies", "src", "tests"])
        built = [path for name in ("target", "node_modules", "__pycache__", ".git") for path in CONTEXT.rglob(name)]
        self.assertEqual(built, [])
