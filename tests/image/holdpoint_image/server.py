"""A container that serves, and reviews as an API server sends them."""

import base64
import json
import pathlib
import socket
import ssl
import time
import urllib.error
import urllib.request

from .container import SECONDS, started

LOOPBACK = urllib.request.ProxyHandler({})


def review(namespace, image):
    """A pod with this image is created there."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": namespace},
           "spec": {"containers": [{"name": "main", "image": image}]}}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "operation": "CREATE", "namespace": namespace, "name": "web",
        "kind": {"group": "", "version": "v1", "kind": "Pod"}, "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"},
        "userInfo": {"username": "alice"}, "object": pod, "oldObject": None, "dryRun": False}}


def free_port():
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


class Server:
    """`serve --self-signed` in a container, from when it is ready until the end of a `with`."""

    def __init__(self, mounts, environment):
        self.reviews, self.operations = free_port(), free_port()
        self._container = started(
            ["serve", "--config", "/etc/holdpoint/holdpoint.yaml", "--self-signed", "localhost",
             "--listen", f"127.0.0.1:{self.reviews}", "--operations-listen", f"127.0.0.1:{self.operations}"],
            mounts, environment)

    def __enter__(self):
        self.process = self._container.__enter__()
        try:
            self._wait()
        except BaseException:
            self._container.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *raised):
        return self._container.__exit__(*raised)

    def _wait(self):
        """Until /readyz says so."""
        deadline = time.monotonic() + SECONDS
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server is not ready: {self.process.poll()}\n{self.process.said()}")
            time.sleep(0.1)

    def _ready(self):
        try:
            with urllib.request.build_opener(LOOPBACK).open(f"http://127.0.0.1:{self.operations}/readyz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def ask(self, question):
        """The response to a review, over TLS by the authority that was printed."""
        authority = base64.b64decode(self.process.printed()).decode()
        context = ssl.create_default_context(cadata=authority)
        opener = urllib.request.build_opener(LOOPBACK, urllib.request.HTTPSHandler(context=context))
        request = urllib.request.Request(
            f"https://localhost:{self.reviews}/validate", json.dumps(question).encode(),
            {"Content-Type": "application/json"})
        with opener.open(request, timeout=20) as answer:
            return json.load(answer)["response"]

    def status(self):
        """What the kernel says of the process in the container, the runtime's only child."""
        runtime = self.process.pid
        children = pathlib.Path(f"/proc/{runtime}/task").glob("*/children")
        [child] = [pid for path in children for pid in path.read_text().split()]
        lines = pathlib.Path(f"/proc/{child}/status").read_text().splitlines()
        return {name: values.split() for name, values in (line.split(":", 1) for line in lines)}
