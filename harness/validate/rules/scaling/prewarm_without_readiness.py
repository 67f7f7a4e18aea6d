"""SC023: pods are to be warm before they get traffic, but nothing holds the traffic back."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.pledges import workloads_of
from harness.validate.promises import Prewarm
from harness.validate.rule import ValidationRule
from harness.validate.workload import Workload

_PROBES = ("livenessProbe", "startupProbe")
_ASKS = ("httpGet", "grpc", "tcpSocket")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The readiness probe of every workload with a promise of pre-warm."""
    for promise in estate.all(Prewarm):
        for workload in workloads_of(promise.workload, promise.place, estate):
            if not _serves(workload, estate) or any(node.get("readinessProbe") is not None for node in workload.containers):
                continue
            yield Defect(
                workload.thing.place,
                f"{workload.name} has no readiness probe: a new pod gets requests as soon as its process runs, cold",
                "Add a readinessProbe that succeeds only after the warm-up",
                (Related(promise.place, "the promise"),),
                confidence=promise.confidence,
                understood=promise.understood(),
            )


def _serves(workload: Workload, estate: Estate) -> bool:
    """Whether pods answer anybody: by ports, by a probe over the network, or because a Service sends them requests."""
    probes = [node.get(probe, how) for node in workload.containers for probe in _PROBES for how in _ASKS]
    if any(node.get("ports") is not None for node in workload.containers) or any(one is not None for one in probes):
        return True
    labels = workload.pod_labels.items()
    for service in estate.things("Service"):
        selector = service.node.get("spec", "selector")
        wanted = {(key.text, value.text) for key, value in selector.items()} if selector is not None else set()
        if wanted and service.namespace == workload.thing.namespace and wanted <= labels:
            return True
    return False


RULE = ValidationRule(
    "SC023",
    "prewarm-without-readiness",
    "Pre-warm is promised, and no readiness probe holds traffic back.",
    Severity.ERROR,
    check,
)
