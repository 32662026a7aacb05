"""What was built: tests/image/run has laid it out in one folder."""

import difflib
import json
import os
import pathlib
import tarfile

ROOT = pathlib.Path(__file__).parents[3]
FOLDER = pathlib.Path(os.environ["HOLDPOINT_IMAGE"])
PROGRAM = pathlib.Path(os.environ["HOLDPOINT_BIN"])
# The folder as the context of a build, after .dockerignore.
CONTEXT = FOLDER / "context"
# The image, unpacked: `rootfs`, and what a runtime is to do by the image's configuration.
BUNDLE = FOLDER / "bundle"
EXPECTED = pathlib.Path(__file__).parents[1] / "expected"


def blob(descriptor):
    """The path of what a descriptor names."""
    algorithm, digest = descriptor["digest"].split(":")
    return FOLDER / "image" / "blobs" / algorithm / digest


def manifest():
    """The manifest of the only image."""
    index = json.loads((FOLDER / "image" / "index.json").read_text())
    return json.loads(blob(index["manifests"][0]).read_text())


def configuration():
    """How it is started, and what it says of itself."""
    return json.loads(blob(manifest()["config"]).read_text())["config"]


def members():
    """All entries of all layers, in their order."""
    for layer in manifest()["layers"]:
        with tarfile.open(blob(layer)) as archive:
            yield from archive.getmembers()


def difference(name, found):
    """How this text differs from the one in expected/; empty when it does not."""
    path = EXPECTED / name
    if os.environ.get("HOLDPOINT_UPDATE"):
        path.write_text(found)
    before = path.read_text() if path.exists() else ""
    return "".join(difflib.unified_diff(before.splitlines(True), found.splitlines(True), str(path), "built"))
