import unittest

import rule
from holdpoint import Artifact, Input, Record, Request, Snapshot

NOW = 1_000 * rule.MINUTE


def deployed(digest, minutes_ago):
    created_at = NOW - minutes_ago * rule.MINUTE
    artifact = Artifact("CONTAINER_IMAGE", "ghcr.io/acme/storefront", digest)
    return Record(
        "record-1", "production", "production", "storefront", artifact, "deployed", "DEPLOYED", created_at, created_at
    )


def ask(*records, name="storefront"):
    request = Request(Artifact("CONTAINER_IMAGE", "", "sha256:new"), "production", deployment_name=name)
    return rule.evaluate(Input(request, NOW, ["production"], {"minutes": 30}), Snapshot(list(records)))


class Evaluate(unittest.TestCase):
    def test_it_passes(self):
        for records in ([], [deployed("sha256:old", 30)], [deployed("sha256:new", 10)]):
            self.assertEqual(ask(*records), [])

    def test_it_holds_until_the_time_is_over(self):
        [finding] = ask(deployed("sha256:old", 10))
        self.assertEqual((finding.effect, finding.opens_at), ("hold", NOW + 20 * rule.MINUTE))
        self.assertEqual(finding.records, ["record-1"])

    def test_a_request_without_a_deployment_name_is_denied(self):
        [finding] = ask(name="")
        self.assertEqual(finding.effect, "deny")


class Parameters(unittest.TestCase):
    def test_faults(self):
        for good in ({}, {"minutes": 5}):
            self.assertEqual(rule.check_parameters(good), [])
        for wrong in ({"minutes": 0}, {"minutes": 1.5}, {"minutes": True}):
            self.assertEqual(len(rule.check_parameters(wrong)), 1)


if __name__ == "__main__":
    unittest.main()
