"""`holdpoint doctor` and the chart, against the API server's own idea of them."""

import json
import os
import pathlib
import subprocess
import unittest

from holdpoint_e2e.gate import render
from holdpoint_e2e.processes import without_proxies
from holdpoint_e2e.world import GateCase, cluster, folder, program

CASES = pathlib.Path(__file__).parents[2] / "chart" / "cases"
# Kinds of operators that the cluster does not have.
OPERATORS = ("cert-manager.io/", "monitoring.coreos.com/")


def holdpoint(*arguments, text=None):
    """Runs holdpoint where `kubectl` is the one that was built, before the cluster."""
    started = cluster()
    path = f"{started.programs}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [program(), *arguments], input=text, capture_output=True, text=True, check=False, timeout=120,
        env=without_proxies({"PATH": path, "KUBECONFIG": str(started.kubeconfig), "HOME": str(folder())}))


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


class Chart(unittest.TestCase):
    """Everything that the chart renders, before the API server's validation."""

    def test_the_api_server_takes_all_that_is_rendered(self):
        cases = sorted(CASES.glob("*.yaml"))
        self.assertGreater(len(cases), 3)
        for case in cases:
            with self.subTest(case=case.stem):
                rendered = render(cluster().programs, {}, folder(), "--values", case)
                documents = [text for text in rendered.split("\n---\n") if not any(
                    f"apiVersion: {operator}" in text for operator in OPERATORS)]
                run = cluster().kubectl(
                    "apply", "--dry-run=server", "--validate=strict", "-f", "-", text="\n---\n".join(documents), check=False)
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertEqual(run.stderr, "", "warnings of the API server")
                self.assertIn("validatingwebhookconfiguration", run.stdout)
