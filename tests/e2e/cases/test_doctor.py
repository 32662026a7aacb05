"""`holdpoint doctor` and `holdpoint audit` before a live cluster."""

import json
import os
import subprocess

from holdpoint_e2e.processes import without_proxies
from holdpoint_e2e.workloads import ALLOWED, DENIED, controllers, namespaced, pod
from holdpoint_e2e.world import GateCase, cluster, folder, program


def holdpoint(*arguments, text=None):
    """Runs holdpoint where `kubectl` is the one that was built, before the cluster."""
    started = cluster()
    path = f"{started.programs}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [program(), *arguments], input=text, capture_output=True, text=True, check=False, timeout=120,
        env=without_proxies({"PATH": path, "KUBECONFIG": str(started.kubeconfig), "HOME": str(folder()),
                             "CHAINLOOP_TOKEN": "token-of-the-tests"}))


class Doctor(GateCase):
    """The webhook configuration as the chart renders it, and as somebody changed it."""

    def test_what_the_chart_installs_is_without_fault(self):
        config = str(self.gate.configuration.folder / "holdpoint.yaml")
        run = holdpoint("doctor", "--kubernetes", "live", "--config", config)
        self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)
        self.assertIn("no faults", run.stdout)

    def test_what_somebody_changed_is_found(self):
        rules = [{"op": "replace", "path": "/webhooks/0/matchPolicy", "value": "Exact"},
                 {"op": "replace", "path": "/webhooks/0/rules/0/resources", "value": ["pods"]}]
        path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/holdpoint"
        changed = self.cluster.request("PATCH", path, rules, "application/json-patch+json")
        self.assertTrue(changed.allowed, changed)
        try:
            run = holdpoint("doctor", "--kubernetes", "live", "--format", "json")
        finally:
            self.gate.install()
        self.assertEqual(run.returncode, 1, run.stderr)
        codes = [(fault["harm"], fault["code"]) for fault in json.loads(run.stdout)["faults"]]
        self.assertIn(("hole", "match_policy"), codes)
        self.assertIn(("hole", "resource_missing"), codes)


class Audit(GateCase):
    """What got in before the gate was there."""

    def test_what_would_not_be_let_in_now_is_listed(self):
        self.cluster.kubectl("delete", "validatingwebhookconfiguration", "holdpoint")
        resource = namespaced("/apis/apps/v1/deployments", self.shop)
        for name, digest in (("good", ALLOWED), ("bad", DENIED)):
            self.cluster.create(resource, controllers(name, digest)["/apis/apps/v1/deployments"])
        self.cluster.create(self.pods(), pod("lone", DENIED))
        config = str(self.gate.configuration.folder / "holdpoint.yaml")
        run = holdpoint("audit", "--kubernetes", "live", "--namespace", self.shop, "--config", config, "--format", "json")
        self.assertEqual(run.returncode, 1, run.stderr)
        found = {(line["kind"], line["name"]): line["verdict"] for line in json.loads(run.stdout)["workloads"]}
        self.assertEqual(found, {
            ("Deployment", "good"): "allow", ("Deployment", "bad"): "deny", ("Pod", "lone"): "deny"})
