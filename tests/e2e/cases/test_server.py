"""Certificates, callers, and what happens when no gate answers."""

import ssl
import socket

from holdpoint_e2e.processes import wait_until
from holdpoint_e2e.workloads import ALLOWED, DENIED, pod
from holdpoint_e2e.world import GateCase


class Server(GateCase):
    """Each case leaves the gate running."""

    def served(self):
        """The certificate that a client is shown, in PEM."""
        context = ssl.create_default_context(cafile=str(self.gate.authority.certificate))
        client = self.cluster.webhook_client.folder
        context.load_cert_chain(client / "client.crt", client / "client.key")
        with socket.create_connection(("127.0.0.1", self.gate.admission_port), 5) as connection:
            with context.wrap_socket(connection, server_hostname="127.0.0.1") as secure:
                self.assertEqual(secure.version(), "TLSv1.3")
                return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))

    def test_certificates_are_exchanged_while_it_runs(self):
        # A watch on the file itself would see the first exchange and miss every other.
        for _ in range(3):
            expected = ssl.PEM_cert_to_DER_cert(self.gate.new_certificate())
            wait_until("the new certificate is served",
                       lambda: ssl.PEM_cert_to_DER_cert(self.served()) == expected, 30, self.gate.process)
            self.assert_allowed(self.cluster.create(self.pods(), pod(self.name(), ALLOWED)))
            self.assertEqual(self.gate.operations("/readyz")[0], 200)

    def test_a_caller_without_a_certificate_is_turned_away(self):
        context = ssl.create_default_context(cafile=str(self.gate.authority.certificate))
        with socket.create_connection(("127.0.0.1", self.gate.admission_port), 5) as connection:
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                with context.wrap_socket(connection, server_hostname="127.0.0.1") as secure:
                    secure.sendall(b"GET /validate HTTP/1.1\r\nHost: gate\r\n\r\n")
                    if not secure.recv(1):
                        raise ConnectionError("closed")

    def test_while_no_gate_answers_everything_is_refused(self):
        self.assertEqual(self.gate.stop(), 0)
        try:
            answer = self.cluster.create(self.pods(), pod(self.name(), ALLOWED))
            self.assert_refused(answer, 500, "failed calling webhook", "validate.holdpoint.dev")
            # Its own namespace, so that it can start again.
            self.assert_allowed(self.cluster.create(self.pods("holdpoint"), pod(self.name(), DENIED)))
        finally:
            self.gate.start()
        self.assert_allowed(self.cluster.create(self.pods(), pod(self.name(), ALLOWED)))

    def test_it_is_taken_out_of_the_way_by_its_label(self):
        selector = "app.kubernetes.io/part-of=holdpoint"
        self.assertEqual(self.gate.stop(), 0)
        try:
            self.cluster.kubectl("delete", "validatingwebhookconfiguration", "--selector", selector)
            wait_until("the webhook is forgotten", lambda: self.cluster.create(
                self.pods(), pod("probe", DENIED), "?dryRun=All").allowed, 30)
        finally:
            self.gate.install()
            self.gate.start()
        wait_until("the webhook is called", self.refuses, 30, self.gate.process)
