"""SC025: an autoscaler reckons in per cent of a request that the pods do not make."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import RESOURCES, Scaler
from harness.validate.workload import Workload, same_namespace, scaled
from harness.validate.yamltree import Node


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """cpu and memory triggers of KEDA, Resource metrics of HPAs with Utilization, against the target's containers."""
    for scaler, workload in scaled(estate):
        for resource, container, place in _metrics(scaler):
            bare = _without(workload, resource, container)
            if bare and not _defaulted(estate, workload, resource):
                yield Defect(
                    place.place,
                    f"{scaler.thing.kind} {scaler.name} scales {workload.name} on {resource} in per cent of its "
                    f"request, but container {bare[0].string('name')} requests none: the HPA gets no number and stays",
                    f"Add resources.requests.{resource} to {', '.join(node.string('name') for node in bare)}",
                    (Related((bare[0].get("name") or bare[0]).place, "the container"),),
                    confidence=Confidence.LIKELY,  # A LimitRange that was not read may add one.
                )


def _metrics(scaler: Scaler) -> Iterator[tuple[str, str, Node]]:
    """(resource, container or '' for all, where)."""
    for trigger in scaler.triggers:
        if trigger.type in RESOURCES and trigger.metric_type in ("", "Utilization"):
            named = trigger.setting("containerName")
            yield trigger.type, named.text if named is not None else "", trigger.node.get("type") or trigger.node
    if not scaler.keda:
        metrics = list(scaler.spec("metrics") or ())
        for metric in metrics:
            source = metric.get("resource") or metric.get("containerResource")
            target = source.get("target", "averageUtilization") if source is not None else None
            if source is not None and target is not None and source.string("name") in RESOURCES:
                yield source.string("name"), source.string("container"), target
        legacy = scaler.spec("targetCPUUtilizationPercentage")
        if legacy is not None:
            yield "cpu", "", legacy


def _without(workload: Workload, resource: str, container: str) -> list[Node]:
    pod = workload.pod
    if pod is not None and not container and pod.get("resources", "requests", resource) is not None:
        return []
    return [
        node
        for node in workload.containers
        if (not container or node.string("name") == container) and workload.request(node, resource) is None
    ]


def _defaulted(estate: Estate, workload: Workload, resource: str) -> bool:
    return any(
        limit.get(part, resource) is not None
        for one in estate.things("LimitRange")
        if same_namespace(one, workload.thing)
        for limit in one.node.get("spec", "limits") or ()
        for part in ("default", "defaultRequest")
    )


RULE = ValidationRule(
    "SC025", "utilisation-without-requests", "Scaling in per cent of a request that nobody makes.", Severity.WARNING, check
)
