"""A Kubernetes API server with its store, on loopback. Without nodes and controllers: what is created is only stored."""

import json
import pathlib
import ssl
import subprocess
import urllib.error
import urllib.request

from .certificates import Authority, openssl
from .processes import Process, free_ports, wait_until, without_proxies

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "verbs": ["create", "update", "patch"]}, {"level": "None"}],
}


class Answer:
    """What the API server answered."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = json.loads(body) if body.startswith(b"{") else {"message": body.decode()}
        # Headers are read as if every byte were a character.
        self.warnings = [warning.encode("latin-1").decode() for warning in headers.get_all("Warning") or []]

    @property
    def message(self):
        return self.body.get("message", "")

    @property
    def allowed(self):
        return self.status in (200, 201)

    def __repr__(self):
        return f"{self.status} {self.message or self.body.get('kind')} {self.warnings}"


class Cluster:
    """etcd and kube-apiserver."""

    def __init__(self, programs, folder):
        self.programs = pathlib.Path(programs)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(self.folder / "pki", "cluster")
        self.audit_log = self.folder / "audit.log"
        # Whom the API server shows to webhooks.
        self.webhook_client = Authority(self.folder / "webhook-client", "webhook clients")
        self._start_etcd()
        self._start_api_server()
        self._contexts()
        wait_until("kube-apiserver", lambda: self.get("/readyz").status == 200, 120, self.api_server)
        wait_until("namespace default", lambda: self.get("/api/v1/namespaces/default").allowed, 60, self.api_server)

    def _start_etcd(self):
        client, peer = free_ports(2)
        self.etcd_url = f"http://127.0.0.1:{client}"
        self.etcd = Process(
            [self.programs / "etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls", self.etcd_url,
             "--advertise-client-urls", self.etcd_url, "--listen-peer-urls", f"http://127.0.0.1:{peer}",
             "--log-level", "error", "--unsafe-no-fsync"],
            self.folder / "etcd.log")

    def _start_api_server(self):
        (port,) = free_ports(1)
        self.url = f"https://127.0.0.1:{port}"
        certificate, key = self.authority.issue("server", "/CN=kube-apiserver", ["127.0.0.1", "localhost"])
        tokens = self.folder / "tokens.key"
        openssl("genrsa", "-out", tokens, "2048")
        policy = self.folder / "audit-policy.json"
        policy.write_text(json.dumps(AUDIT_POLICY))
        options = {
            "etcd-servers": self.etcd_url,
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "secure-port": port,
            "tls-cert-file": certificate,
            "tls-private-key-file": key,
            "client-ca-file": self.authority.certificate,
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": tokens,
            "service-account-signing-key-file": tokens,
            "service-cluster-ip-range": "10.96.0.0/16",
            "authorization-mode": "RBAC",
            # There is no controller that would make the service accounts of namespaces.
            "disable-admission-plugins": "ServiceAccount",
            "admission-control-config-file": self._admission_configuration(),
            "endpoint-reconciler-type": "none",
            "audit-policy-file": policy,
            "audit-log-path": self.audit_log,
            "audit-log-mode": "blocking-strict",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        self.api_server = Process([self.programs / "kube-apiserver", *arguments], self.folder / "kube-apiserver.log")

    def _admission_configuration(self):
        certificate, key = self.webhook_client.issue("client", "/CN=kube-apiserver", ["kube-apiserver"])
        kubeconfig = self.folder / "webhook-kubeconfig.json"
        user = {"client-certificate": str(certificate), "client-key": str(key)}
        # For every webhook, whatever its address.
        kubeconfig.write_text(json.dumps(
            {"apiVersion": "v1", "kind": "Config", "users": [{"name": "*", "user": user}]}))
        configuration = self.folder / "admission.json"
        webhooks = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "WebhookAdmissionConfiguration",
                    "kubeConfigFile": str(kubeconfig)}
        configuration.write_text(json.dumps({
            "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration",
            "plugins": [{"name": "ValidatingAdmissionWebhook", "configuration": webhooks}]}))
        return configuration

    def _contexts(self):
        certificate, key = self.authority.issue("admin", "/O=system:masters/CN=alice")
        self.kubeconfig = self.folder / "kubeconfig.json"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "e2e",
            "clusters": [{"name": "e2e", "cluster": {
                "server": self.url, "certificate-authority": str(self.authority.certificate)}}],
            "users": [{"name": "alice", "user": {"client-certificate": str(certificate), "client-key": str(key)}}],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "alice"}}]}))
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        context.load_cert_chain(certificate, key)
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler({}))

    def request(self, method, path, body=None, kind="application/json"):
        """Asks the API server in raw JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": kind}, method=method)
        try:
            with self.opener.open(request, timeout=60) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def get(self, path):
        return self.request("GET", path)

    def create(self, path, body, query=""):
        return self.request("POST", path + query, body)

    def patch(self, path, body, query=""):
        return self.request("PATCH", path + query, body, "application/merge-patch+json")

    def kubectl(self, *arguments, text=None, check=True):
        """Runs kubectl; its result has `returncode`, `stdout` and `stderr`."""
        run = subprocess.run(
            [self.programs / "kubectl", "--kubeconfig", self.kubeconfig, *arguments],
            input=text, capture_output=True, text=True, check=False, timeout=120,
            env=without_proxies({"HOME": str(self.folder)}))
        if check and run.returncode:
            raise RuntimeError(f"kubectl {arguments}: {run.stdout}{run.stderr}")
        return run

    def namespace(self, name, **labels):
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        answer = self.create("/api/v1/namespaces", body)
        if answer.status not in (201, 409):
            raise RuntimeError(f"namespace {name}: {answer}")
        return name

    def audit_events(self, namespace, name):
        """What the audit log says of requests for one object, oldest first."""
        events = map(json.loads, self.audit_log.read_text().splitlines())
        wanted = (namespace, name)
        return [event for event in events
                if (event.get("objectRef", {}).get("namespace"), event.get("objectRef", {}).get("name")) == wanted]

    def stop(self):
        self.api_server.kill()
        self.etcd.kill()
