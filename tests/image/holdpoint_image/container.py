"""Containers of the image, as the chart has them run: nothing that the image does not say, and no right at all."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import uuid

from .image import BUNDLE, FOLDER

# What the chart mounts for the program to write to, with room for compiled plugins.
WRITABLE = ("/var/cache/holdpoint", "/var/lib/holdpoint")
SECONDS = 60


def tmpfs(destination):
    options = ["nosuid", "nodev", "noexec", "mode=0700", "uid=65532", "gid=65532", "size=64m"]
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": options}


def read_only(destination, source):
    return {"destination": destination, "type": "bind", "source": str(source), "options": ["rbind", "ro", "nosuid", "nodev"]}


def specification(arguments, mounts, environment):
    """The runtime's configuration: user, entry point and environment of the image, and what the chart adds."""
    made = json.loads((BUNDLE / "config.json").read_text())
    process = made["process"]
    if arguments is not None:
        process["args"] = [process["args"][0], *map(str, arguments)]
    process["env"] += [f"{name}={value}" for name, value in environment.items()]
    process |= {"terminal": False, "noNewPrivileges": True}
    process["capabilities"] = {kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")}
    made["root"] = {"path": str(BUNDLE / "rootfs"), "readonly": True}
    # The network stays that of this machine, whose loopback the tests talk to. Its resolver is nobody's business here.
    made["linux"]["namespaces"] = [each for each in made["linux"]["namespaces"] if each["type"] != "network"]
    made["mounts"] = [each for each in made["mounts"] if not each["destination"].startswith(("/etc/", "/sys"))]
    made["mounts"] += [tmpfs(path) for path in WRITABLE]
    made["mounts"] += [read_only(destination, source) for destination, source in mounts.items()]
    return made


@contextlib.contextmanager
def started(arguments, mounts=None, environment=None):
    """A container that runs, as a process; it is gone afterwards, however this ends. None: what the image says."""
    name = f"holdpoint-{uuid.uuid4()}"
    folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
    (folder / "config.json").write_text(json.dumps(specification(arguments, mounts or {}, environment or {})))
    runtime = ["runc", "--root", str(FOLDER / "runc")]
    try:
        with subprocess.Popen(
                [*runtime, "run", "--bundle", str(folder), name], stdin=subprocess.DEVNULL,
                stdout=(folder / "stdout").open("wb"), stderr=(folder / "stderr").open("wb")) as process:
            process.printed, process.said = (folder / "stdout").read_text, (folder / "stderr").read_text
            try:
                yield process
            finally:
                subprocess.run([*runtime, "delete", "--force", name], capture_output=True, check=False, timeout=SECONDS)
    finally:
        shutil.rmtree(folder)


def run(*arguments, mounts=None, environment=None):
    """Runs a container to its end: the exit code, and what it printed on each stream."""
    with started(arguments, mounts, environment) as process:
        return process.wait(SECONDS), process.printed(), process.said()
