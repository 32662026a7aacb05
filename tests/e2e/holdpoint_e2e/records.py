"""The record API, scripted: `GET /v1/deployments` and `GET /v1/environments` on loopback, with faults on demand."""

import datetime
import http.server
import json
import threading
import urllib.parse

ENVIRONMENTS = ("staging", "production")


def record(environment, digest, deployment, status="DEPLOYED", at=None):
    """A deployment record as the API has it."""
    time = (at or datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "id": f"{environment}-{deployment}-{digest[7:15]}-{status}",
        "environment_id": f"id-of-{environment}", "environment_name": environment,
        "deployment_name": deployment, "artifact_id": f"artifact-{digest[7:15]}",
        "artifact": {"kind": "CONTAINER_IMAGE", "name": f"ghcr.io/acme/{deployment}", "digest": digest, "version": "1"},
        "status": status, "created_at": time, "updated_at": time, "last_seen_at": time,
    }


class RecordApi:
    """A server of records. `records` may change at any time; while `down` is true every answer is a 503."""

    def __init__(self):
        self.records = []
        self.down = False
        self.requests = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                status, body = api.answer(self.path)
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

        return Handler

    def answer(self, path):
        """Status and body for a path with its query."""
        self.requests += 1
        url = urllib.parse.urlsplit(path)
        query = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query).items()}
        if self.down:
            return 503, {"code": 14, "message": "the service is down", "details": []}
        if url.path == "/v1/environments":
            items = [{"id": f"id-of-{name}", "name": name} for name in ENVIRONMENTS]
            return 200, page("environments", items, query)
        if url.path == "/v1/deployments":
            wanted = query.get("environment_name")
            items = [each for each in list(self.records) if wanted in (None, each["environment_name"])]
            return 200, page("deployment_records", items, query)
        return 404, {"code": 5, "message": "not found", "details": []}


def page(key, items, query):
    """One page of a list, counted from 1."""
    number = int(query.get("pagination.page", "1"))
    size = int(query.get("pagination.page_size", "20"))
    shown = items[(number - 1) * size:number * size]
    pages = -(-len(items) // size)
    return {key: shown, "pagination": {
        "page": number, "page_size": size, "total_count": len(items), "total_pages": pages}}
