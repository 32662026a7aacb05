import datetime
import time
import types
import unittest
from unittest import mock

import holdpoint
from holdpoint import Artifact, Filter, Finding, Input, Request, Skipped, Snapshot, Undecided

GOOD = {"effect": "deny", "code": "no", "message": "No."}


def evaluate(answer):
    rule = types.SimpleNamespace(evaluate=answer if callable(answer) else lambda *_: answer)
    request = Request(Artifact("CONTAINER_IMAGE", "", "sha256:" + "a" * 64), "production")
    return holdpoint.evaluate(rule, Input(request, 1_000, ["production"], '{"a": 1}'), Snapshot([]))


class Verdicts(unittest.TestCase):
    def test_in_the_shape_of_the_contract(self):
        for good in ([], [Finding(**GOOD)], [Finding(**GOOD, opens_at=5, records=["r"])], Skipped("not mine")):
            self.assertEqual(evaluate(good), good)

    def test_in_another_shape(self):
        cases = [
            (None, "neither a list of findings"),
            (Skipped(""), "neither a list of findings"),
            ([None], "finding 0: it is no Finding"),
            ([Finding(**GOOD), Finding(**{**GOOD, "effect": "maybe"})], "finding 1: the effect 'maybe' is none of"),
            ([Finding(**{**GOOD, "code": ""})], "the code is missing"),
            ([Finding(**{**GOOD, "message": 5})], "the message is missing"),
            ([Finding(**GOOD, remediation=5)], "the remediation is no text"),
            ([Finding(**GOOD, records="abc")], "the records are no list"),
            ([Finding(**GOOD, records=[1])], "the records are no list"),
            ([Finding(**GOOD, opens_at=1.5)], "opens_at is no whole number"),
            ([Finding(**GOOD, opens_at=True)], "opens_at is no whole number"),
            ([Finding(**GOOD, opens_at=-1)], "opens_at is no whole number"),
        ]
        for wrong, words in cases:
            with self.subTest(wrong), self.assertRaisesRegex(Undecided, words):
                evaluate(wrong)

    def test_what_a_rule_raises_becomes_words(self):
        def fail(*_):
            return {}["missing"]

        def recurse(*_):
            return recurse()

        for rule, words in ((fail, "KeyError: 'missing'"), (recurse, "RecursionError: ")):
            with self.assertRaisesRegex(Undecided, words):
                evaluate(rule)

    def test_text_that_cannot_be_sent_is_mended(self):
        [finding] = evaluate([Finding("deny", "no", "lone \ud800 surrogate")])
        self.assertEqual(finding.message, "lone ? surrogate")


class Parameters(unittest.TestCase):
    def test_parsed(self):
        self.assertEqual(evaluate(lambda question, _: Skipped(str(question.parameters["a"]))), Skipped("1"))

    def test_faults(self):
        rule = types.SimpleNamespace(check_parameters=lambda given: [f"wrong: {given}"])
        self.assertEqual(holdpoint.check_parameters(rule, "[]"), ["wrong: []"])
        rule = types.SimpleNamespace(check_parameters=lambda given: given["missing"])
        self.assertEqual(holdpoint.check_parameters(rule, "{}"), ["KeyError: 'missing'"])


class Clock(unittest.TestCase):
    def test_shows_the_instant_of_the_decision(self):
        with (
            mock.patch.object(time, "time"), mock.patch.object(time, "time_ns"), mock.patch.object(time, "monotonic"),
            mock.patch.object(time, "perf_counter"), mock.patch.object(datetime, "datetime"),
        ):  # fmt: skip
            holdpoint.without_clock()
            read = lambda *_: Skipped(f"{time.time()} {time.time_ns()} {datetime.datetime.now(datetime.timezone.utc)}")  # noqa: E731
            self.assertEqual(evaluate(read), Skipped("1.0 1000000000 1970-01-01 00:00:01+00:00"))
            with self.assertRaisesRegex(RuntimeError, "no clock"):
                time.time()


class Filters(unittest.TestCase):
    def test_a_status_that_does_not_exist_is_refused(self):
        with self.assertRaisesRegex(ValueError, "none of deployed"):
            Filter(status="DEPLOYED")


if __name__ == "__main__":
    unittest.main()
