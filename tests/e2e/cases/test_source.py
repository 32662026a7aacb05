"""The record source goes away and comes back; records change."""

import time

from holdpoint_e2e.gate import STALE_AFTER
from holdpoint_e2e.processes import wait_until
from holdpoint_e2e.records import record
from holdpoint_e2e.workloads import ALLOWED, DENIED, LATER, pod
from holdpoint_e2e.world import GateCase


class Source(GateCase):
    """Each case leaves the source working and the gate running."""

    def setUp(self):
        self.records.down = False
        wait_until("the records are back", lambda: self.ask(ALLOWED).allowed and not self.ask(ALLOWED).warnings, 30)

    def ask(self, digest, query="?dryRun=All"):
        return self.cluster.create(self.pods(), pod(self.name(), digest), query)

    def source_down(self):
        self.records.down = True
        wait_until("the records are too old", lambda: self.ask(DENIED).status == 503, STALE_AFTER + 20)

    def test_a_digest_that_was_recorded_a_moment_ago_does_not_wait_for_the_next_refresh(self):
        fresh = "sha256:" + "f2" * 32
        self.assert_refused(self.ask(fresh), 403, fresh)
        self.records.records.append(record("staging", fresh, "fresh"))
        wait_until("the record is seen", lambda: self.ask(fresh).allowed, 15)

    def test_a_digest_that_is_taken_away_does_not_get_in(self):
        self.records.records.append(record("staging", LATER, "later"))
        wait_until("the record is seen", lambda: self.ask(LATER).allowed, 15)
        self.records.records.pop()
        wait_until("the record is gone", lambda: self.ask(LATER).status == 403, 15)

    def test_while_the_source_is_down_nothing_new_gets_in(self):
        self.source_down()
        answer = self.assert_refused(self.ask(LATER), 503, LATER)
        self.assertEqual(answer.body["reason"], "ServiceUnavailable")
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertEqual(self.gate.operations("/readyz")[0], 200, "an outage of the source makes no outage of the gate")

    def test_what_was_allowed_before_comes_back_with_a_warning(self):
        self.assert_allowed(self.ask(ALLOWED, ""))
        self.source_down()
        answer = self.assert_allowed(self.ask(ALLOWED, ""))
        self.assertTrue(answer.warnings, answer)
        self.assertGreaterEqual(self.gate.metric("holdpoint_readmissions"), 1)

    def test_the_memory_of_allows_survives_a_restart(self):
        self.assert_allowed(self.ask(ALLOWED, ""))
        self.source_down()
        self.assertEqual(self.gate.stop(), 0)
        self.gate.start(ready=False)
        answer = wait_until("the digest comes back", lambda: self.allowed(ALLOWED), 20, self.gate.process)
        self.assertTrue(answer.warnings, answer)
        self.assert_refused(self.ask(LATER), 503)
        self.assertEqual(self.gate.operations("/readyz")[0], 503, "not ready before the first records")

    def allowed(self, digest):
        answer = self.ask(digest)
        return answer if answer.allowed else None

    def test_an_answer_comes_before_the_api_server_gives_up(self):
        self.source_down()
        started = time.monotonic()
        self.assert_refused(self.ask(LATER), 503)
        self.assertLess(time.monotonic() - started, 10)
