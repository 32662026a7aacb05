"""Updates and scaling: what did not change passes whatever the records say, what changed is judged."""

from holdpoint_e2e.processes import wait_until
from holdpoint_e2e.gate import STALE_AFTER
from holdpoint_e2e.workloads import ALLOWED, DENIED, controllers, image, namespaced, pod
from holdpoint_e2e.world import GateCase


class Changes(GateCase):
    """Each case begins with working records."""

    def setUp(self):
        self.records.down = False
        wait_until("the records are back", self.source_works, 30)
        self.deployment = self.name()
        self.resource = namespaced("/apis/apps/v1/deployments", self.shop)
        made = controllers(self.deployment, ALLOWED)["/apis/apps/v1/deployments"]
        self.assert_allowed(self.cluster.create(self.resource, made))
        self.path = f"{self.resource}/{self.deployment}"

    def source_works(self):
        answer = self.cluster.create(self.pods(), pod("probe", ALLOWED), "?dryRun=All")
        # One that comes back while the source is down has a warning.
        return answer.allowed and not answer.warnings

    def source_down(self):
        """Takes the record API away until the records in memory count as unavailable."""
        self.records.down = True
        unknown = pod("probe", "sha256:" + "0" * 64)
        gone = lambda: self.cluster.create(self.pods(), unknown, "?dryRun=All").status == 503  # noqa: E731
        wait_until("the records are too old", gone, STALE_AFTER + 20)

    def with_image(self, digest):
        return {"spec": {"template": {"spec": {"containers": [{"name": "c0", "image": image(digest)}]}}}}

    def test_an_update_without_another_image_passes_while_the_source_is_down(self):
        self.source_down()
        labelled = {"metadata": {"labels": {"team": "shop"}}}
        self.assert_allowed(self.cluster.patch(self.path, labelled))
        self.assert_allowed(self.cluster.patch(self.path, self.with_image(ALLOWED)))

    def test_an_update_to_another_image_is_judged(self):
        self.assert_refused(self.cluster.patch(self.path, self.with_image(DENIED)), 403, DENIED)
        self.source_down()
        answer = self.cluster.patch(self.path, self.with_image(DENIED))
        self.assert_refused(answer, 503, DENIED)

    def test_an_object_that_is_being_deleted_is_no_way_in(self):
        name = self.name()
        held = pod(name, ALLOWED)
        held["metadata"]["finalizers"] = ["example.com/held"]
        self.assert_allowed(self.cluster.create(self.pods(), held))
        self.assert_allowed(self.cluster.request("DELETE", f"{self.pods()}/{name}"))
        path = f"{self.pods()}/{name}"
        self.source_down()
        change = {"spec": {"containers": [{"name": "c0", "image": image(DENIED)}]}}
        answer = self.cluster.request("PATCH", path, change, "application/strategic-merge-patch+json")
        self.assert_refused(answer, 503, DENIED)
        self.assert_allowed(self.cluster.patch(path, {"metadata": {"finalizers": []}}))
        self.assertEqual(self.cluster.get(path).status, 404)

    def test_scaling_passes(self):
        self.source_down()
        for replicas in (3, 0):
            scaled = {"spec": {"replicas": replicas}}
            answer = self.assert_allowed(self.cluster.patch(f"{self.path}/scale", scaled))
            self.assertEqual(answer.body["spec"].get("replicas", 0), replicas)
        run = self.cluster.kubectl("scale", "--namespace", self.shop, f"deployment/{self.deployment}", "--replicas=2")
        self.assertIn("scaled", run.stdout)

    def test_deleting_passes(self):
        self.source_down()
        self.assert_allowed(self.cluster.request("DELETE", self.path))
        self.assertEqual(self.cluster.get(self.path).status, 404)

    def test_a_status_is_none_of_its_business(self):
        self.source_down()
        answer = self.cluster.patch(f"{self.path}/status", {"status": {"replicas": 1}})
        self.assert_allowed(answer)
