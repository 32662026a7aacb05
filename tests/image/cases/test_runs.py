"""Containers: the command line and the server, with no right but to run."""

import json
import os
import pathlib
import signal
import unittest

from holdpoint_image.container import run
from holdpoint_image.image import ROOT
from holdpoint_image.server import Server, review

EXAMPLE = "/usr/share/holdpoint/examples/storefront"
# There, its relative path leads to the policies of the image.
STOREFRONT = {EXAMPLE: ROOT / "examples/storefront"}
HERE = pathlib.Path(__file__).parent
CONFIGURED = {**STOREFRONT, "/etc/holdpoint": HERE / "configured"}
TOKEN = {"CHAINLOOP_TOKEN": "token-of-the-tests", "XDG_CACHE_HOME": "/var/cache/holdpoint"}

REGISTRY = "ghcr.io/acme/storefront"
IN_STAGING = f"{REGISTRY}@sha256:b69dd5a569d41cc2907ce23296d17c6b944d6baa61e6c0fc7e86deace50fb7ba"
ONLY_IN_DEV = f"{REGISTRY}@sha256:7c1a15c800008d21736fecea10a0f7527d18af2f707a755bbdad97c78f546f20"


def check(*arguments, environment="production", config=f"{EXAMPLE}/holdpoint.yaml", mounts=None):
    """The exit code of `check`, and its decision, which is None without one."""
    code, printed, said = run(
        "check", IN_STAGING, "--to", environment, "--config", config, "--format", "json", *arguments,
        mounts=mounts or STOREFRONT, environment=TOKEN)
    return code, json.loads(printed) if printed else None, said


class CommandLine(unittest.TestCase):
    maxDiff = None

    def test_says_its_version(self):
        code, printed, said = run("--version")
        self.assertEqual((code, said), (0, ""))
        self.assertRegex(printed, r"\Aholdpoint \d+\.\d+\.\d+\S*\n\Z")

    def test_serves_the_mounted_configuration_when_nothing_else_is_said(self):
        code, printed, said = run()
        self.assertEqual((code, printed), (2, ""))
        self.assertIn("/etc/holdpoint/holdpoint.yaml", said)

    def test_a_digest_that_was_in_staging_is_allowed(self):
        code, decision, said = check("--as-of", "2026-11-20T12:00:00Z")
        self.assertEqual((code, decision and decision["verdict"]), (0, "allow"), said)
        self.assertEqual({finding["outcome"] for finding in decision["findings"]}, {"passed"})

    def test_time_zones_are_in_the_program(self):
        # The freeze of the example begins at midnight in Berlin, which is 23:00 in UTC.
        for instant, outcome in (("2026-12-18T22:59:59Z", "passed"), ("2026-12-18T23:00:00Z", "held")):
            with self.subTest(instant):
                _, decision, said = check("--as-of", instant)
                self.assertIsNotNone(decision, said)
                found = {finding["rule"]: finding["outcome"] for finding in decision["findings"]}
                self.assertEqual(found["promotion.change_freeze"], outcome)

    def test_public_authorities_are_there(self):
        # Without any, no secure connection is begun, and the configuration is refused.
        code, decision, said = check(environment="elsewhere", config="/etc/holdpoint/holdpoint.yaml", mounts=CONFIGURED)
        self.assertEqual((code, decision and decision["verdict"]), (3, "undecided"), said)
        self.assertEqual([finding["code"] for finding in decision["findings"] if finding["outcome"] == "failed"],
                         ["source_connection"])

    def test_public_authorities_are_what_it_rests_on(self):
        mounts = {**CONFIGURED, "/etc/ssl/certs/ca-certificates.crt": "/dev/null"}
        code, decision, said = check(environment="elsewhere", config="/etc/holdpoint/holdpoint.yaml", mounts=mounts)
        self.assertEqual((code, decision), (2, None))
        self.assertIn("ca-certificates", said)

    @unittest.skipUnless(os.environ.get("HOLDPOINT_PLUGIN"), "HOLDPOINT_PLUGIN names no deploy-pace.wasm")
    def test_a_plugin_is_compiled_and_runs(self):
        mounts = {**CONFIGURED, "/plugins/deploy-pace.wasm": os.environ["HOLDPOINT_PLUGIN"]}
        code, decision, said = check("--deployment", "storefront", config="/etc/holdpoint/plugin.yaml", mounts=mounts)
        self.assertEqual((code, decision and decision["verdict"]), (0, "allow"), said)


class Serving(unittest.TestCase):
    def test_refuses_what_was_not_in_staging_and_ends_when_it_is_told_to(self):
        with Server(CONFIGURED, TOKEN) as server:
            allowed = server.ask(review("shop", IN_STAGING))
            self.assertTrue(allowed["allowed"], allowed)
            refused = server.ask(review("shop", ONLY_IN_DEV))
            self.assertFalse(refused["allowed"])
            self.assertEqual(refused["status"]["code"], 403)
            self.assertIn("staging", refused["status"]["message"])
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.ended(), 0, server.said())

    def test_it_runs_as_nobody_in_particular_and_without_any_right(self):
        with Server(CONFIGURED, TOKEN) as server:
            status = server.status()
        self.assertEqual(status["Uid"], ["65532"] * 4)
        self.assertEqual(status["Gid"], ["65532"] * 4)
        self.assertEqual(status["NoNewPrivs"], ["1"])
        rights = {name: status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
        self.assertEqual(rights, dict.fromkeys(rights, ["0" * 16]))
