"""Containers of the image, as the chart has them run: nothing that the image does not say, and no right at all."""

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
RUNTIME = ("runc", "--root", str(FOLDER / "runc"))


def tmpfs(destination):
    options = ["nosuid", "nodev", "noexec", "mode=0700", "uid=65532", "gid=65532", "size=64m"]
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": options}


def read_only(destination, source):
    options = ["rbind", "ro", "nosuid", "nodev"]
    return {"destination": destination, "type": "bind", "source": str(source), "options": options}


def specification(arguments, mounts, environment):
    """The runtime's configuration: user, entry point and environment of the image, and what the chart adds."""
    made = json.loads((BUNDLE / "config.json").read_text())
    process = made["process"]
    if arguments:
        process["args"] = [process["args"][0], *arguments]
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


class Container:
    """A container that runs until the end of a `with`, however that ends. No arguments: what the image says."""

    def __init__(self, arguments, mounts=None, environment=None):
        self.name = f"holdpoint-{uuid.uuid4()}"
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        (self.folder / "config.json").write_text(json.dumps(specification(arguments, mounts or {}, environment or {})))

    def __enter__(self):
        with (self.folder / "stdout").open("wb") as printed, (self.folder / "stderr").open("wb") as said:
            # It hands signals on, and ends as the program does.
            self.process = subprocess.Popen(
                [*RUNTIME, "run", "--bundle", str(self.folder), self.name], stdin=subprocess.DEVNULL,
                stdout=printed, stderr=said)
        return self

    def __exit__(self, *raised):
        subprocess.run([*RUNTIME, "delete", "--force", self.name], capture_output=True, check=False, timeout=SECONDS)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)

    def ended(self):
        """The exit code, when it has ended by itself."""
        return self.process.wait(SECONDS)

    def printed(self):
        return (self.folder / "stdout").read_text()

    def said(self):
        return (self.folder / "stderr").read_text()

    def status(self):
        """What the kernel says of the process in it: `/proc/…/status`."""
        state = subprocess.run([*RUNTIME, "state", self.name], stdout=subprocess.PIPE, check=True, timeout=SECONDS)
        lines = pathlib.Path(f"/proc/{json.loads(state.stdout)['pid']}/status").read_text().splitlines()
        return {name: values.split() for name, values in (line.split(":", 1) for line in lines)}


def run(*arguments, mounts=None, environment=None):
    """Runs a container to its end: the exit code, and what it printed on each stream."""
    with Container(arguments, mounts, environment) as container:
        return container.ended(), container.printed(), container.said()
