"""holdpoint as the chart sets it up: its configuration and the webhook configuration are what Helm renders."""

import base64
import json
import pathlib
import shutil
import subprocess
import urllib.error
import urllib.request

from .certificates import Authority, Mounted
from .processes import Process, free_ports, wait_until, without_proxies

ROOT = pathlib.Path(__file__).parents[3]
CHART = ROOT / "deploy" / "chart"
# Records older than this count as unavailable.
STALE_AFTER = 3

ROLLOUT = {"group": "argoproj.io", "kind": "Rollout", "pod_templates": ["/spec/template"]}


def render(programs, values, folder, *arguments):
    """What `helm template` makes of these values, as YAML."""
    path = pathlib.Path(folder) / "values.json"
    path.write_text(json.dumps(values))
    run = subprocess.run(
        [programs / "helm", "template", "holdpoint", CHART, "--namespace", "holdpoint", "--values", path, *arguments],
        capture_output=True, text=True, check=False, timeout=120, env=without_proxies({"HOME": str(folder)}))
    if run.returncode:
        raise RuntimeError(f"helm template: {run.stderr}")
    return run.stdout


class Gate:
    """One process of `holdpoint serve`, with the webhook configuration that calls it."""

    def __init__(self, cluster, program, records_url, folder, admission):
        self.cluster = cluster
        self.program = program
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.admission = admission
        self.records_url = records_url
        self.admission_port, self.operations_port = free_ports(2)
        self.authority = Authority(self.folder / "authority", "holdpoint authority")
        self.tls = Mounted(self.folder / "tls")
        self.client_ca = Mounted(self.folder / "client-ca")
        self.client_ca.write({"ca.crt": cluster.webhook_client.pem()})
        self.configuration = Mounted(self.folder / "config")
        self.new_certificate()
        self.process = None

    def values(self):
        """Values of the chart. Only what a cluster without pods needs differs from what a user would write."""
        return {
            "certificate": {"mode": "existing", "existingSecret": "holdpoint-tls"},
            "webhook": {
                "url": f"https://127.0.0.1:{self.admission_port}",
                "caBundle": base64.b64encode(self.authority.pem().encode()).decode(),
                "customResources": [
                    {"apiGroups": ["argoproj.io"], "apiVersions": ["v1alpha1"], "resources": ["rollouts"]}],
            },
            "config": self.config(),
        }

    def config(self):
        """holdpoint.yaml, as a value."""
        return {
            "sources": {"records": {"type": "chainloop", "url": self.records_url}},
            "environments": [{"name": "staging"}, {"name": "production", "after": ["staging"]}],
            "policies": [str(ROOT / "policies")],
            "rules": [{"policy": "promotion.deployed_before", "environments": ["production"]}],
            "admission": {
                "workloads": [{"namespaces": ["shop", "shop-*"], "environment": "production"}],
                "ignored_images": [{"images": ["registry.k8s.io/*"], "reason": "parts of the cluster"}],
                "resources": [ROLLOUT],
                **self.admission,
            },
            "server": {
                "listen": f"127.0.0.1:{self.admission_port}",
                "operations": f"127.0.0.1:{self.operations_port}",
                "tls": {
                    "certificate": str(self.tls.folder / "tls.crt"), "key": str(self.tls.folder / "tls.key"),
                    "client_ca": str(self.client_ca.folder / "ca.crt"), "client_names": ["kube-apiserver"],
                },
                "refresh": "1s", "stale_after": f"{STALE_AFTER}s",
                "readmissions": str(self.folder / "readmissions.json"),
            },
        }

    def install(self):
        """Renders the chart, writes the configuration and gives the webhook configuration to the API server."""
        values = self.values()
        config_map = self._object("configmap", values)
        self.configuration.write(config_map["data"])
        self.webhook = self._object("webhook", values)
        self.cluster.kubectl("apply", "-f", "-", text=json.dumps(self.webhook))

    def _object(self, template, values):
        rendered = render(self.cluster.programs, values, self.folder, "--show-only", f"templates/{template}.yaml")
        return json.loads(self.cluster.kubectl("create", "--dry-run=client", "-o", "json", "-f", "-", text=rendered).stdout)

    def new_certificate(self):
        """Issues another certificate and shows it as kubelet would. Gives its serial number."""
        name = f"serving-{self.tls.version + 1}"
        certificate, key = self.authority.issue(name, "/CN=holdpoint", ["127.0.0.1"])
        self.tls.write({"tls.crt": certificate.read_text(), "tls.key": key.read_text()})
        return certificate.read_text()

    def start(self, ready=True):
        """Starts the server; waits until it is ready, or only until it lives."""
        self.process = Process(
            [self.program, "serve", "--config", self.configuration.folder / "holdpoint.yaml"],
            self.folder / "serve.log",
            {"CHAINLOOP_TOKEN": "token-of-the-tests", "XDG_CACHE_HOME": str(self.folder / "cache"),
             "HOLDPOINT_LOG_FORMAT": "json", "HOLDPOINT_CONFIG": ""})
        path = "/readyz" if ready else "/livez"
        wait_until(f"holdpoint {path}", lambda: self.operations(path)[0] == 200, 60, self.process)

    def stop(self):
        return self.process.stop() if self.process else None

    def operations(self, path):
        """Status and text of the operations listener."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.operations_port}{path}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, prefix):
        """The sum of the samples whose lines begin so."""
        lines = self.operations("/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(prefix))

    def remove(self):
        """Takes the webhook configuration away and ends the process."""
        self.cluster.kubectl("delete", "validatingwebhookconfiguration", "holdpoint", "--ignore-not-found")
        if self.process:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
