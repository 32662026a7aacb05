"""What gets in, what does not, and what users see of it."""

import json

from holdpoint_e2e.workloads import ALLOWED, DENIED, REGISTRY, container, controllers, image, namespaced, pod
from holdpoint_e2e.world import GateCase


class Admission(GateCase):
    """A cluster with records, while everything works."""

    def test_a_digest_that_ran_before_gets_in(self):
        name = self.name()
        answer = self.assert_allowed(self.cluster.create(self.pods(), pod(name, ALLOWED)))
        self.assertEqual(answer.warnings, [])
        annotations = self.annotations(name)
        self.assertEqual(annotations["verdict"], "allow")
        self.assertEqual(annotations["environment"], "production")
        self.assertIn("decision", annotations)
        self.assertIn("snapshot-age", annotations)

    def test_a_digest_that_never_ran_is_refused_with_a_sentence(self):
        name = self.name()
        answer = self.cluster.create(self.pods(), pod(name, DENIED))
        self.assert_refused(answer, 403, 'admission webhook "validate.holdpoint.dev" denied the request', DENIED, "staging")
        self.assertEqual(answer.body["reason"], "Forbidden")
        self.assertEqual(self.annotations(name)["verdict"], "deny")
        self.assertEqual(self.cluster.get(f"{self.pods()}/{name}").status, 404)

    def test_kubectl_shows_that_sentence(self):
        run = self.cluster.kubectl(
            "apply", "--namespace", self.shop, "-f", "-", text=json.dumps(pod(self.name(), DENIED)), check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("denied the request", run.stderr)
        self.assertIn(DENIED, run.stderr)
        self.assertIn("staging", run.stderr)

    def test_one_message_lists_every_image_that_fails(self):
        other = "sha256:" + "d1" * 32
        answer = self.cluster.create(self.pods(), pod(self.name(), ALLOWED, DENIED, other))
        self.assert_refused(answer, 403, DENIED, other)
        self.assertNotIn(ALLOWED, answer.message)

    def test_every_place_of_an_image_is_judged(self):
        places = {
            "initContainers": [container(DENIED, "setup")],
            "sidecar": [{**container(DENIED, "side"), "restartPolicy": "Always"}],
            "volumes": [{"name": "data", "image": {"reference": image(DENIED), "pullPolicy": "Always"}}],
        }
        for place, value in places.items():
            with self.subTest(place=place):
                field = "initContainers" if place == "sidecar" else place
                answer = self.cluster.create(self.pods(), pod(self.name(), ALLOWED, **{field: value}))
                self.assert_refused(answer, 403, DENIED)
                answer = self.cluster.create(
                    self.pods(), json.loads(json.dumps(pod(self.name(), ALLOWED, **{field: value})).replace(DENIED, ALLOWED)))
                self.assert_allowed(answer)

    def test_every_kind_is_judged(self):
        for path in controllers("any", ALLOWED):
            with self.subTest(path=path):
                resource = namespaced(path, self.shop)
                allowed = controllers(self.name(), ALLOWED)[path]
                self.assert_allowed(self.cluster.create(resource, allowed))
                denied = controllers(self.name(), DENIED)[path]
                self.assert_refused(self.cluster.create(resource, denied), 403, DENIED)

    def test_an_ephemeral_container_is_judged(self):
        name = self.name()
        self.assert_allowed(self.cluster.create(self.pods(), pod(name, ALLOWED)))
        path = f"{self.pods()}/{name}/ephemeralcontainers"
        for digest, status in ((DENIED, 403), (ALLOWED, 200)):
            add = {"spec": {"ephemeralContainers": [container(digest, "debug")]}}
            answer = self.cluster.request("PATCH", path, add, "application/strategic-merge-patch+json")
            self.assertEqual(answer.status, status, answer)

    def test_kubectl_debug_cannot_bring_in_another_image(self):
        name = self.name()
        self.assert_allowed(self.cluster.create(self.pods(), pod(name, ALLOWED)))
        run = self.cluster.kubectl(
            "debug", "--namespace", self.shop, name, f"--image={image(DENIED)}", "--attach=false", check=False)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn(DENIED, run.stderr)

    def test_a_tag_is_refused(self):
        named = pod(self.name(), ALLOWED)
        named["spec"]["containers"][0]["image"] = f"{REGISTRY}:1.0.0"
        self.assert_refused(self.cluster.create(self.pods(), named), 403, "digest")

    def test_an_image_outside_of_the_scope_is_not_judged(self):
        system = pod(self.name(), ALLOWED)
        system["spec"]["containers"][0]["image"] = "registry.k8s.io/pause:3.10"
        self.assert_allowed(self.cluster.create(self.pods(), system))
        mixed = pod(self.name(), ALLOWED, DENIED)
        mixed["spec"]["containers"][0]["image"] = "registry.k8s.io/pause:3.10"
        self.assert_refused(self.cluster.create(self.pods(), mixed), 403, DENIED)

    def test_a_dry_run_is_answered_and_changes_nothing(self):
        name = self.name()
        self.assert_allowed(self.cluster.create(self.pods(), pod(name, ALLOWED), "?dryRun=All"))
        self.assertEqual(self.cluster.get(f"{self.pods()}/{name}").status, 404)
        self.assert_refused(self.cluster.create(self.pods(), pod(name, DENIED), "?dryRun=All"), 403, DENIED)

    def test_namespaces_without_a_place_are_refused_and_exempt_ones_pass(self):
        nowhere = self.cluster.namespace("nowhere")
        self.assert_refused(self.cluster.create(self.pods(nowhere), pod(self.name(), ALLOWED)), 403, "nowhere")
        for exempt in ("kube-system", "holdpoint"):
            self.cluster.namespace(exempt)
            self.assert_allowed(self.cluster.create(self.pods(exempt), pod(self.name(), DENIED)))

    def test_a_generated_name_is_judged(self):
        named = pod(self.name(), ALLOWED)
        named["metadata"] = {"generateName": "storefront-"}
        self.assert_allowed(self.cluster.create(self.pods(), named))
        named["spec"]["containers"][0]["image"] = image(DENIED)
        self.assert_refused(self.cluster.create(self.pods(), named), 403, DENIED)


class Warns(GateCase):
    """Mode `warn`: nothing is refused, and everybody is told."""

    admission = {"mode": "warn"}

    @classmethod
    def refuses(cls):
        return bool(cls.cluster.create(cls.pods(), pod("probe", DENIED), "?dryRun=All").warnings)

    def test_a_denial_is_a_warning(self):
        name = self.name()
        answer = self.assert_allowed(self.cluster.create(self.pods(), pod(name, DENIED)))
        self.assertTrue(any("staging" in warning or DENIED[:19] in warning for warning in answer.warnings), answer)
        for warning in answer.warnings:
            self.assertLessEqual(len(warning.split('"', 1)[1].rstrip('"')), 120, warning)
        self.assertEqual(self.annotations(name)["verdict"], "deny")
