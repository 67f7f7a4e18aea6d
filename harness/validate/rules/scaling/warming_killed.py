"""SC036: the startup or liveness probe kills a pod before it can be warm."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.pledges import workloads_of
from harness.validate.promises import Prewarm
from harness.validate.rule import ValidationRule
from harness.validate.scaler import integer
from harness.validate.yamltree import Node


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The time that probes allow a start, against how long the runbook says that warming takes."""
    for promise in estate.all(Prewarm):
        takes = promise.takes.total_seconds() if promise.takes is not None else 0
        for workload in workloads_of(promise.workload, promise.place, estate) if takes else ():
            for container in workload.containers:
                key = "startupProbe" if container.get("startupProbe") is not None else "livenessProbe"
                probe = container.get(key)
                if probe is not None and (allowed := _allowed(probe)) < takes:
                    yield Defect(
                        (container.key(key) or probe).place,
                        f"{workload.name} takes {takes:g} s to be warm, but its {key} kills it after {allowed} s at the "
                        "latest if it answers only then",
                        f"Raise failureThreshold of the {key} so that failureThreshold x periodSeconds passes {takes:g} s"
                        if key == "startupProbe"
                        else f"Add a startupProbe that allows more than {takes:g} s",
                        (Related(promise.place, "how long warming takes"),),
                        confidence=Confidence.LIKELY if key == "startupProbe" else Confidence.GUESS,
                        understood=promise.understood(),
                    )


def _allowed(probe: Node) -> int:
    """Seconds until the last allowed failure: the kubelet's defaults are 0 s of delay, 10 s of period, 3 failures."""
    return (
        integer(probe.get("initialDelaySeconds"), 0)
        + integer(probe.get("periodSeconds"), 10) * integer(probe.get("failureThreshold"), 3)
        + integer(probe.get("timeoutSeconds"), 1)
    )


RULE = ValidationRule("SC036", "warming-killed", "A probe kills pods before they can be warm.", Severity.WARNING, check)
