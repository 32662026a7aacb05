"""Runs workflows of this folder with act: real jobs, real steps, on this machine, in a repository of its own."""

import json
import os
import pathlib
import shutil
import subprocess

from .records import TOKEN
from .step import ROOT

# A branch that is a command, which no shell may ever run.
BRANCH = "x$(touch${IFS}pwned)"
# What an author of a commit can put into an event.
MESSAGE = "it's \"quoted\" `touch pwned` $(touch pwned)\n::set-output name=verdict::allow\n::error::forged\n<b>|x|</b> %0A::warning::forged"


class Act:
    """A repository with the action at its top, and the runs in it."""

    def __init__(self, folder, url, program):
        self.folder, self.repository, self.results = folder, folder / "repository", folder / "results"
        self.program = program
        self.results.mkdir()
        (self.repository / ".github").mkdir(parents=True)
        (self.repository / "tests" / "action").mkdir(parents=True)
        here = ROOT / "tests" / "action"
        shutil.copy(ROOT / "action.yml", self.repository)
        shutil.copytree(ROOT / "action", self.repository / "action")
        shutil.copytree(ROOT / "policies", self.repository / "policies")
        shutil.copytree(here / "workflows", self.repository / ".github" / "workflows")
        shutil.copy(here / "note", self.repository / "tests" / "action")
        (self.repository / "holdpoint.yaml").write_text((here / "holdpoint.yaml").read_text().replace("RECORD_API", url))
        (folder / "event.json").write_text(json.dumps({
            "ref": f"refs/heads/{BRANCH}", "head_commit": {"message": MESSAGE}, "pull_request": {"number": 7}}))
        git = ["git", "-c", "user.name=acme", "-c", "user.email=acme@example.com", "-C", self.repository]
        subprocess.run([*git, "init", "--quiet", "--initial-branch", BRANCH], check=True)
        subprocess.run([*git, "remote", "add", "origin", "https://github.com/acme/shop"], check=True)
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "all of it"], check=True)

    def run(self, workflow, **variables):
        """Runs one workflow, and gives what each job left, by its name."""
        variables = {
            "RESULTS": self.results, "HOLDPOINT_BINARY": self.program, "TOKEN_OF_RECORDS": TOKEN} | variables
        command = [
            os.environ["HOLDPOINT_ACT"], "push", "--json", "--platform", "ubuntu-latest=-self-hosted", "--no-cache-server",
            "--eventpath", self.folder / "event.json", "--action-cache-path", self.folder / "act",
            "--workflows", f".github/workflows/{workflow}.yml", "--defaultbranch", "main", "--actor", "mallory"]
        for name, value in variables.items():
            command += ["--env", f"{name}={value}"]
        home = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder)}
        run = subprocess.run(
            command, cwd=self.repository, env=home, capture_output=True, text=True, timeout=300, check=False)
        entries = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        jobs = {name: Job(name, entries, self.results) for name in {entry["jobID"] for entry in entries if "jobID" in entry}}
        return run, jobs


class Job:
    """What one job left: `outcome` and `outputs` of the gate as the following step sees them, its annotations and summary."""

    def __init__(self, name, entries, results):
        mine = [entry for entry in entries if entry.get("jobID") == name]
        gate = [entry for entry in mine if entry.get("stepID") == ["gate", "gate"]]
        self.result = next((entry["jobResult"] for entry in mine if "jobResult" in entry), None)
        self.log = "".join(entry["msg"] for entry in gate if entry.get("raw_output"))
        self.commands = [entry for entry in gate if "command" in entry]
        self.summary = "".join(entry["content"] for entry in gate if entry.get("command") == "summary")
        self.masks = [entry for entry in gate if entry.get("command") == "add-mask"]
        # Nanoseconds.
        self.seconds = next((entry["executionTime"] / 1e9 for entry in gate if "executionTime" in entry), None)
        self.everything = "\n".join(entry["msg"] for entry in mine)
        self.files = {path.suffix[1:]: path.read_text() for path in results.glob(f"{name}.*")}
        noted = json.loads(self.files.get("json", "{}"))
        self.outcome, self.outputs = noted.get("outcome"), noted.get("outputs")

    def annotations(self, level):
        """The texts of the annotations of one level."""
        return [entry["arg"] for entry in self.commands if entry["command"] == level]
