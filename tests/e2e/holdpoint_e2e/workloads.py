"""Manifests: pods, and everything that makes them."""

REGISTRY = "ghcr.io/acme/storefront"
# Each in the state that its name says.
ALLOWED = "sha256:" + "a1" * 32
DENIED = "sha256:" + "d0" * 32
LATER = "sha256:" + "1a" * 32


def image(digest):
    return f"{REGISTRY}@{digest}"


def container(digest, name="main"):
    return {"name": name, "image": image(digest)}


def pod_spec(*digests, **more):
    containers = [container(digest, f"c{number}") for number, digest in enumerate(digests)]
    return {"containers": containers, "terminationGracePeriodSeconds": 0, **more}


def metadata(name, **more):
    return {"name": name, **more}


def pod(name, *digests, **more):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata(name), "spec": pod_spec(*digests, **more)}


def _template(digest, labels, **more):
    return {"metadata": {"labels": labels}, "spec": pod_spec(digest, **more)}


def controllers(name, digest):
    """Every kind that has a pod template: the path of its resource, and an object."""
    labels = {"app": name}
    template = _template(digest, labels)
    job = {"template": _template(digest, {}, restartPolicy="Never")}
    selected = {"selector": {"matchLabels": labels}, "template": template}

    def build(group, version, kind, spec):
        api_version = f"{group}/{version}" if group else version
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata(name), "spec": spec}

    pod_template = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": metadata(name), "template": template}
    return {
        "/api/v1/replicationcontrollers": build("", "v1", "ReplicationController", {
            "replicas": 1, "selector": labels, "template": template}),
        "/api/v1/podtemplates": pod_template,
        "/apis/apps/v1/deployments": build("apps", "v1", "Deployment", selected),
        "/apis/apps/v1/replicasets": build("apps", "v1", "ReplicaSet", selected),
        "/apis/apps/v1/statefulsets": build("apps", "v1", "StatefulSet", {**selected, "serviceName": name}),
        "/apis/apps/v1/daemonsets": build("apps", "v1", "DaemonSet", selected),
        "/apis/batch/v1/jobs": build("batch", "v1", "Job", job),
        "/apis/batch/v1/cronjobs": build("batch", "v1", "CronJob", {
            "schedule": "0 4 * * *", "jobTemplate": {"spec": job}}),
        "/apis/argoproj.io/v1alpha1/rollouts": build("argoproj.io", "v1alpha1", "Rollout", selected),
    }


def namespaced(path, namespace):
    """The path of a resource in a namespace."""
    start, resource = path.rsplit("/", 1)
    return f"{start}/namespaces/{namespace}/{resource}"


ROLLOUT_DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "rollouts.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "names": {"kind": "Rollout", "listKind": "RolloutList", "plural": "rollouts", "singular": "rollout"},
        "scope": "Namespaced",
        "versions": [{
            "name": "v1alpha1", "served": True, "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        }],
    },
}
