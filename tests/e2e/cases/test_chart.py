"""The chart before the API server: what it renders is taken, and installing and upgrading it work."""

import base64
import json
import pathlib
import subprocess
import time
import unittest

from holdpoint_e2e.gate import CHART, render
from holdpoint_e2e.processes import without_proxies
from holdpoint_e2e.world import cluster, folder

CASES = pathlib.Path(__file__).parents[2] / "chart" / "cases"
# Kinds of operators that the cluster does not have.
OPERATORS = ("cert-manager.io/", "monitoring.coreos.com/")
DAY = 86400


class Rendered(unittest.TestCase):
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


class Installed(unittest.TestCase):
    """A release with the certificate that Helm makes."""

    namespace = "gates"

    @classmethod
    def setUpClass(cls):
        cls.cluster = cluster()
        cls.helm("install", "gate", CHART, "--create-namespace", "--values", CASES / "default.yaml")
        cls.addClassCleanup(cls.uninstall)

    @classmethod
    def uninstall(cls):
        cls.helm("uninstall", "gate")
        assert cls.cluster.get(cls.webhooks()).status == 404, "the webhook stays behind and refuses everything"

    @classmethod
    def helm(cls, *arguments):
        command = [cls.cluster.programs / "helm", "--kubeconfig", cls.cluster.kubeconfig, "--namespace", cls.namespace]
        subprocess.run([*command, *arguments], check=True, capture_output=True, text=True, timeout=120,
                       env=without_proxies({"HOME": str(folder())}))

    def upgrade(self, *arguments):
        self.helm("upgrade", "gate", CHART, "--values", CASES / "default.yaml", *arguments)

    @staticmethod
    def webhooks():
        return "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/gate-holdpoint"

    def secret(self, name):
        secret = self.cluster.get(f"/api/v1/namespaces/{self.namespace}/secrets/gate-holdpoint-{name}")
        self.assertTrue(secret.allowed, secret)
        return secret.body

    def bundle(self):
        webhook = self.cluster.get(self.webhooks()).body["webhooks"][0]
        return base64.b64decode(webhook["clientConfig"]["caBundle"]).decode()

    def test_the_certificate_is_for_the_service_and_trusted_by_the_webhook(self):
        place = folder() / "installed"
        place.mkdir(exist_ok=True)
        (place / "ca.pem").write_text(self.bundle())
        (place / "tls.pem").write_bytes(base64.b64decode(self.secret("tls")["data"]["tls.crt"]))
        check = ["openssl", "verify", "-CAfile", place / "ca.pem", "-purpose", "sslserver",
                 "-verify_hostname", f"gate-holdpoint.{self.namespace}.svc", place / "tls.pem"]
        run = subprocess.run(check, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_an_upgrade_keeps_the_certificate(self):
        before, bundle = self.secret("tls")["data"], self.bundle()
        self.upgrade()
        self.assertEqual(self.secret("tls")["data"], before)
        self.assertEqual(self.bundle(), bundle)

    def test_an_upgrade_renews_a_certificate_that_ends_soon_by_the_same_authority(self):
        before, bundle = self.secret("tls")["data"], self.bundle()
        # Sixty days before its end it is time; this is one more and one less.
        for days, renewed in ((61, False), (59, True)):
            ends = {"metadata": {"annotations": {"holdpoint.dev/expires": str(int(time.time()) + days * DAY)}}}
            path = f"/api/v1/namespaces/{self.namespace}/secrets/gate-holdpoint-tls"
            self.assertTrue(self.cluster.patch(path, ends).allowed)
            self.upgrade()
            self.assertEqual(self.secret("tls")["data"] != before, renewed)
            self.assertEqual(self.bundle(), bundle)
        expires = int(self.secret("tls")["metadata"]["annotations"]["holdpoint.dev/expires"])
        self.assertAlmostEqual(expires, time.time() + 365 * DAY, delta=3600)
        self.test_the_certificate_is_for_the_service_and_trusted_by_the_webhook()

    def test_the_pods_run_with_no_rights(self):
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/gate-holdpoint"
        spec = self.cluster.get(path).body["spec"]["template"]["spec"]
        level = {"pod-security.kubernetes.io/enforce": "restricted"}
        strict = self.cluster.namespace("restricted", **level)
        for item in ("topologySpreadConstraints", "priorityClassName"):
            spec.pop(item, None)
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "gate"}, "spec": spec}
        # Its own webhook has nobody behind it here; the namespace is judged by Pod Security alone.
        self.cluster.kubectl("delete", "-f", "-", text=json.dumps(self.cluster.get(self.webhooks()).body))
        try:
            answer = self.cluster.create(f"/api/v1/namespaces/{strict}/pods", body, "?dryRun=All")
            self.assertTrue(answer.allowed, answer)
            self.assertEqual(answer.warnings, [])
        finally:
            self.upgrade()
