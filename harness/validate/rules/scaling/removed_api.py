"""SC006: a manifest is written in an API version that is gone."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule

REMOVED = {
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): ("Kubernetes 1.25", "autoscaling/v2"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): ("Kubernetes 1.26", "autoscaling/v2"),
    ("policy/v1beta1", "PodDisruptionBudget"): ("Kubernetes 1.25", "policy/v1"),
    ("batch/v1beta1", "CronJob"): ("Kubernetes 1.25", "batch/v1"),
    **{
        (api, kind): ("Kubernetes 1.16", "apps/v1")
        for api in ("extensions/v1beta1", "apps/v1beta1", "apps/v1beta2")
        for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
    },
    **{
        ("keda.k8s.io/v1alpha1", kind): ("KEDA 2.0", "keda.sh/v1alpha1")
        for kind in ("ScaledObject", "ScaledJob", "TriggerAuthentication")
    },
}
"""(API version, kind) -> (since when it is gone, what took its place): Kubernetes' deprecation guide, KEDA's migration."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Objects of API versions that no supported release serves."""
    for thing in estate.found.things:
        gone = REMOVED.get((thing.api, thing.kind))
        version = thing.node.get("apiVersion")
        if gone is not None and version is not None:
            yield Defect(
                version.place,
                f"{gone[0]} removed {thing.api}; {thing.kind} {thing.name} cannot be applied any more",
                f"Write it in {gone[1]}",
            )


RULE = ValidationRule(
    "SC006", "removed-api", "A manifest is written in an API version that is gone.", Severity.ERROR, check
)
