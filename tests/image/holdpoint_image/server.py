"""A container that serves, and reviews as an API server sends them."""

import base64
import json
import socket
import ssl
import time
import urllib.request

from .container import SECONDS, Container

LOOPBACK = urllib.request.ProxyHandler({})


def review(namespace, image):
    """A pod with this image is created there."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": namespace},
           "spec": {"containers": [{"name": "main", "image": image}]}}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "operation": "CREATE", "namespace": namespace, "name": "web",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"},
        "userInfo": {"username": "alice"}, "object": pod, "oldObject": None, "dryRun": False}}


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Server(Container):
    """`serve --self-signed` in a container, which is ready at the beginning of the `with`."""

    def __init__(self, mounts, environment):
        self.reviews, self.operations = free_ports(2)
        super().__init__(
            ["serve", "--config", "/etc/holdpoint/holdpoint.yaml", "--self-signed", "localhost",
             "--listen", f"127.0.0.1:{self.reviews}", "--operations-listen", f"127.0.0.1:{self.operations}"],
            mounts, environment)

    def __enter__(self):
        super().__enter__()
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self):
        deadline = time.monotonic() + SECONDS
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server is not ready ({self.process.poll()}): {self.said()}")
            time.sleep(0.1)

    def _ready(self):
        try:
            with urllib.request.build_opener(LOOPBACK).open(f"http://127.0.0.1:{self.operations}/readyz", timeout=5):
                return True
        except OSError:
            return False

    def ask(self, question):
        """The response to a review, over TLS by the authority that was printed."""
        context = ssl.create_default_context(cadata=base64.b64decode(self.printed()).decode())
        opener = urllib.request.build_opener(LOOPBACK, urllib.request.HTTPSHandler(context=context))
        request = urllib.request.Request(
            f"https://localhost:{self.reviews}/validate", json.dumps(question).encode(),
            {"Content-Type": "application/json"})
        with opener.open(request, timeout=20) as answer:
            return json.load(answer)["response"]
