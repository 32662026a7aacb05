"""The record API on loopback: `GET /v1/deployments` and `GET /v1/environments`, in pages, for one token."""

import datetime
import http.server
import json
import threading
import time
import urllib.parse

ENVIRONMENTS = ("staging", "production", "opening", "opened")
TOKEN = "token-of-the-record-api"

SHOP, CART = "sha256:" + "1" * 64, "sha256:" + "3" * 64
DAYS = datetime.timedelta(days=2)
HOUR = datetime.timedelta(hours=1)


def record(environment, name, digest, at):
    """A deployment record as the API has it."""
    instant = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "id": f"{environment}-{name}", "environment_id": f"id-of-{environment}", "environment_name": environment,
        "deployment_name": name, "artifact_id": f"artifact-{name}", "status": "DEPLOYED",
        "artifact": {"kind": "CONTAINER_IMAGE", "name": f"ghcr.io/acme/{name}", "digest": digest, "version": "1.0.0"},
        "created_at": instant, "updated_at": instant, "last_seen_at": instant,
    }


class RecordApi:
    """A server of records. Pages have two records, so that they have to be followed."""

    def __init__(self):
        self.began = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.asked_of_opening = []
        # When each request came and was answered, for the time that a client spends without us.
        self.spans = []
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        """Ends the server."""
        self.server.shutdown()
        self.server.server_close()

    def records(self, environment):
        """Those of one environment, or all."""
        now = datetime.datetime.now(datetime.timezone.utc)
        if environment == "opening":
            self.asked_of_opening.append(now)
        opening = self.asked_of_opening[0] if self.asked_of_opening else now
        found = [
            record("staging", "shop", SHOP, self.began - DAYS),
            record("staging", "cart", CART, self.began - HOUR / 6),
            record("staging", "payments", "sha256:" + "5" * 64, self.began - DAYS),
            record("production", "shop", "sha256:" + "4" * 64, self.began - 2 * DAYS),
            record("opening", "cart", CART, opening - HOUR + datetime.timedelta(seconds=3)),
        ]
        return [each for each in found if environment in (None, each["environment_name"])]

    def answer(self, path, authorization):
        """Status and body for a path with its query."""
        url = urllib.parse.urlsplit(path)
        query = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query).items()}
        if authorization != f"Bearer {TOKEN}":
            return 401, {"code": 401, "reason": "UNAUTHORIZED", "message": "Token is invalid", "metadata": {}}
        if url.path == "/v1/environments":
            return 200, page("environments", [{"id": f"id-of-{name}", "name": name} for name in ENVIRONMENTS], query)
        if url.path == "/v1/deployments":
            with self.lock:
                return 200, page("deployment_records", self.records(query.get("environment_name")), query)
        return 503, {"code": 503, "reason": "UNAVAILABLE", "message": "nothing here\n::error::forged by the server", "metadata": {}}

    def _handler(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                began = time.monotonic()
                status, body = api.answer(self.path, self.headers.get("Authorization"))
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                api.spans.append((began, time.monotonic()))

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

        return Handler


def page(key, items, query):
    """One page of a list, counted from 1."""
    number, size = int(query.get("pagination.page", "1")), min(int(query.get("pagination.page_size", "2")), 2)
    pages = -(-len(items) // size)
    return {key: items[(number - 1) * size:number * size], "pagination": {
        "page": number, "page_size": size, "total_count": len(items), "total_pages": pages}}
