import unittest

import parameters
import rule
from holdpoint import Artifact, Input, Record, Request, Skipped, Snapshot

HOUR = 3_600_000
NOW = 1_000 * HOUR
WANTED = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def record(target, hours_ago, digest=WANTED, status="deployed", **rest):
    created_at = NOW - int(hours_ago * HOUR)
    kind = rest.pop("kind", "CONTAINER_IMAGE")
    fields = {
        "id": f"{target}-{hours_ago}-{digest[7]}",
        "environment": "staging",
        "deployment_name": "storefront",
        "artifact": Artifact(kind, "ghcr.io/acme/storefront", digest, "1.0.0"),
        "status": status,
        "status_text": status.upper(),
        "created_at": created_at,
        "updated_at": created_at,
        **rest,
    }
    return Record(target=target, **fields)


def ask(records, listed=("dev", "staging", "production"), name="storefront", **given):
    records = sorted(records, key=lambda one: -one.created_at)
    request = Request(Artifact("CONTAINER_IMAGE", "ghcr.io/acme/storefront", WANTED), "production", deployment_name=name)
    return rule.evaluate(Input(request, NOW, list(listed), given), Snapshot(records))


def codes(verdict):
    return [(finding.effect, finding.code) for finding in verdict]


MISSED = [("deny", "quorum-missed")]
NOT_YET = [("hold", "not-long-enough")]


class Counting(unittest.TestCase):
    def test_numbers_and_shares(self):
        three = [record("eu", 30), record("us", 20), record("ap", 2)]
        targets = ["eu", "us", "ap", "sa"]
        cases = [
            ({"at_least": 3}, []),
            ({"at_least": 4}, MISSED),
            ({"at_least": 2, "minimum": "12h"}, []),
            ({"at_least": 3, "minimum": "2h"}, []),
            ({"at_least": 3, "minimum": "12h"}, NOT_YET),
            ({"at_least": 4, "minimum": "12h"}, MISSED),
            ({"at_least": "75%", "targets": targets}, []),
            ({"at_least": "76%", "targets": targets}, MISSED),
            ({"at_least": "50%", "targets": targets, "minimum": "20h"}, []),
            ({"at_least": "51%", "targets": targets, "minimum": "20h"}, NOT_YET),
            ({"at_least": 1, "targets": ["sa"]}, MISSED),
        ]
        for given, expected in cases:
            with self.subTest(given):
                self.assertEqual(codes(ask(three, **given)), expected)

    def test_the_hold_opens_when_enough_are_ripe(self):
        [finding] = ask([record("eu", 30), record("us", 20), record("ap", 2), record("sa", 1)], at_least=3, minimum="24h")
        self.assertEqual(finding.opens_at, NOW + 22 * HOUR)
        self.assertEqual(finding.records, ["eu-30-a", "us-20-a", "ap-2-a", "sa-1-a"])
        self.assertEqual(
            finding.message,
            "sha256:aaaaaaaaaaaa has been in 1 of the 3 targets that are needed for 24h, and is in 4: eu, us, ap, sa",
        )

    def test_one_target_counts_once(self):
        twice = [record("eu", 30), record("eu", 20, deployment_name="storefront-canary")]
        self.assertEqual(codes(ask(twice, name="", at_least=2)), MISSED)
        self.assertEqual(codes(ask(twice, name="", at_least=1)), [])
        again = [record("eu", 30), record("eu", 30, environment="dev")]
        wanted = {"environments": ["dev", "staging"], "targets": ["eu", "us"]}
        self.assertEqual(codes(ask(again, at_least=2, **wanted)), MISSED)

    def test_a_name_in_the_request_is_the_only_one_that_counts(self):
        canary = [record("eu", 20, deployment_name="storefront-canary")]
        self.assertEqual(codes(ask(canary, at_least=1)), MISSED)
        self.assertEqual(codes(ask(canary, name="", at_least=1)), [])

    def test_it_asks_no_further_than_needed(self):
        many = [record(f"target-{number}", 100 - number / 100) for number in range(600)]
        self.assertEqual(codes(ask(many, at_least=600)), [])
        self.assertEqual(codes(ask(many, at_least=601)), MISSED)


class WhatHolds(unittest.TestCase):
    def test_records(self):
        cases = [
            ("it is there", [record("eu", 30)], []),
            ("another came later", [record("eu", 30), record("eu", 2, OTHER)], MISSED),
            ("another was there before", [record("eu", 30), record("eu", 40, OTHER)], []),
            ("what came later is gone, and what is there now is unknown", [record("eu", 30), record("eu", 2, OTHER, "decommissioned")], MISSED),
            ("superseded", [record("eu", 30, status="superseded")], MISSED),
            ("of a status that nobody knows", [record("eu", 30, status="unknown")], MISSED),
            ("another of the same instant", [record("eu", 30), record("eu", 30, OTHER)], MISSED),
            ("one of the same instant that is gone", [record("eu", 30), record("eu", 30, OTHER, "superseded")], []),
            ("a chart beside it", [record("eu", 30), record("eu", 2, OTHER, kind="HELM_CHART")], []),
            ("something else beside it", [record("eu", 30), record("eu", 2, OTHER, kind="ARCHIVE")], MISSED),
            ("a chart with that digest", [record("eu", 30, kind="HELM_CHART")], MISSED),
            ("the clock there is a minute ahead", [record("eu", -1 / 60)], []),
            ("it is of tomorrow", [record("eu", -24)], MISSED),
            ("in another environment", [record("eu", 30, environment="dev")], MISSED),
        ]
        for name, records, expected in cases:
            with self.subTest(name):
                found = codes(ask(records, at_least=1))
                # A clock that is ahead is a stay that has not begun: with time it will have.
                self.assertEqual(found, NOT_YET if "ahead" in name else expected)

    def test_a_new_record_of_the_digest_starts_anew(self):
        records = [record("eu", 30), record("eu", 2)]
        self.assertEqual(codes(ask(records, at_least=1, minimum="24h")), NOT_YET)


class Environments(unittest.TestCase):
    def test_which_are_looked_at(self):
        in_dev = [record("dev", 30, environment="dev")]
        self.assertEqual(codes(ask(in_dev, at_least=1)), MISSED)
        self.assertEqual(codes(ask(in_dev, at_least=1, listed=["staging", "production"])), MISSED)
        given = {"at_least": 1, "environments": ["dev"]}
        request = Request(Artifact("CONTAINER_IMAGE", "", WANTED), "production")
        self.assertEqual(rule.evaluate(Input(request, NOW, ["dev", "production"], given), Snapshot(in_dev)), [])
        unknown = rule.evaluate(Input(request, NOW, ["staging", "production"], given), Snapshot(in_dev))
        self.assertEqual(codes(unknown), [("deny", "environment-unknown")])

    def test_nothing_comes_before(self):
        self.assertEqual(ask([], listed=["production"], at_least=1), Skipped("nothing comes before production"))

    def test_an_environment_that_is_not_listed_is_a_failure(self):
        with self.assertRaises(ValueError):
            ask([], listed=["dev"], at_least=1)


class Parameters(unittest.TestCase):
    def test_faults(self):
        cases = [
            ({"at_least": 2}, None),
            ({"at_least": "100%", "targets": ["a"], "minimum": "1h30m"}, None),
            ({}, "at_least: None is no number"),
            ({"at_least": 0}, "at_least: 0 is no number"),
            ({"at_least": True}, "at_least: True is no number"),
            ({"at_least": "0%", "targets": ["a"]}, "no share from 1% to 100%"),
            ({"at_least": "101%", "targets": ["a"]}, "no share from 1% to 100%"),
            ({"at_least": "50%"}, "a share needs `targets`"),
            ({"at_least": 3, "targets": ["a", "b"]}, "3 targets are needed, and `targets` has 2"),
            ({"at_least": 1, "minimum": "soon"}, "minimum: 'soon' is no duration"),
            ({"at_least": 1, "minimum": "1d12h"}, "minimum: '1d12h' is no duration"),
            ({"at_least": 1, "targets": []}, "targets: it is no list"),
            ({"at_least": 1, "environments": "staging"}, "environments: it is no list"),
            ({"at_least": 1, "target": ["a"]}, "target: there is no such parameter"),
            ([], "the parameters are no object"),
        ]
        for given, expected in cases:
            with self.subTest(given):
                found = parameters.faults(given)
                self.assertEqual(len(found), 0 if expected is None else 1)
                self.assertIn(expected or "", " ".join(found))

    def test_durations(self):
        cases = {"90m": 5_400_000, "1h30m": 5_400_000, "24h": 86_400_000, "7d": 604_800_000, "1h\n": None, "": None, "0h": None}
        for text, expected in cases.items():
            self.assertEqual(parameters.duration(text), expected, text)

    def test_unusable_parameters_are_a_failure(self):
        with self.assertRaises(ValueError):
            ask([record("eu", 30)], at_least="50%")

    def test_shares_are_rounded_up(self):
        for share, needed in [("1%", 1), ("33%", 1), ("34%", 2), ("66%", 2), ("67%", 3), ("100%", 3)]:
            given = {"at_least": share, "targets": ["a", "b", "c"]}
            self.assertEqual(parameters.read(given).needed, needed, share)


if __name__ == "__main__":
    unittest.main()
