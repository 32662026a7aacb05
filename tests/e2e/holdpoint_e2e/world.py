"""What all cases share: one cluster and one record API, each started when it is first asked for."""

import atexit
import functools
import os
import pathlib
import shutil
import tempfile
import unittest

from .cluster import Cluster
from .gate import Gate
from .processes import wait_until
from .records import RecordApi, record
from .workloads import ALLOWED, ROLLOUT_DEFINITION, pod


@functools.cache
def folder():
    """A folder for everything that the tests write; it stays when HOLDPOINT_E2E_KEEP is set."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="holdpoint-e2e-"))
    if not os.environ.get("HOLDPOINT_E2E_KEEP"):
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def cluster():
    """The cluster, with a custom resource and the release's namespace."""
    started = Cluster(os.environ["HOLDPOINT_E2E_PROGRAMS"], folder() / "cluster")
    started.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", ROLLOUT_DEFINITION)
    rollouts = "/apis/argoproj.io/v1alpha1/rollouts"
    wait_until("the custom resource", lambda: started.get(rollouts).allowed, 60, started.api_server)
    started.namespace("holdpoint")
    return started


def program():
    """The holdpoint that is tested."""
    return pathlib.Path(os.environ["HOLDPOINT_BIN"])


class GateCase(unittest.TestCase):
    """Cases with a gate of their own before the shared cluster, so that one can break its own."""

    records: RecordApi
    gate: Gate
    number = 0
    # What the cases change of `admission` in the configuration.
    admission = {}

    @classmethod
    def setUpClass(cls):
        cls.cluster = cluster()
        cls.records = RecordApi()
        cls.records.records = [record("staging", ALLOWED, "storefront"), record("production", ALLOWED, "storefront")]
        cls.gate = Gate(cls.cluster, program(), cls.records.url, folder() / cls.__name__, cls.admission)
        cls.addClassCleanup(cls.gate.remove)
        cls.gate.install()
        cls.gate.start()
        cls.shop = cls.cluster.namespace("shop-" + cls.__name__.lower())
        # API servers of a cluster learn of a webhook configuration a moment after it is stored.
        wait_until("the webhook is called", cls.refuses, 30, cls.gate.process)

    @classmethod
    def refuses(cls):
        """Whether a pod that nobody may run is refused."""
        answer = cls.cluster.create(cls.pods(), pod("probe", "sha256:" + "0" * 64), "?dryRun=All")
        return not answer.allowed and "holdpoint" in answer.message

    @classmethod
    def pods(cls, namespace=None):
        return f"/api/v1/namespaces/{namespace or cls.shop}/pods"

    def name(self):
        """A name that no other object has."""
        GateCase.number += 1
        return f"storefront-{GateCase.number}"

    def assert_allowed(self, answer):
        self.assertIn(answer.status, (200, 201), answer)
        return answer

    def assert_refused(self, answer, status, *texts):
        self.assertEqual(answer.status, status, answer)
        for text in texts:
            self.assertIn(text, answer.message)
        return answer

    def annotations(self, name):
        """What the gate added to the audit event of the last request for an object, by the part after the last `/`."""
        events = self.cluster.audit_events(self.shop, name)
        self.assertTrue(events, f"no audit event for {name}")
        return {key.rsplit("/", 1)[1]: value for key, value in events[-1].get("annotations", {}).items()
                if "holdpoint" in key.rsplit("/", 1)[0]}
