"""SC020: a ResourceQuota does not hold the pods that an autoscaler may want."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.quantity import quantity, written
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, integer
from harness.validate.workload import Workload, same_namespace, scaled, together, workloads
from harness.validate.yamltree import Node

_COUNTED = {"pods": "", "count/pods": "", "cpu": "cpu", "memory": "memory"}
_COUNTED |= {"requests.cpu": "cpu", "requests.memory": "memory", "limits.cpu": "cpu", "limits.memory": "memory"}


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """max x (what a pod asks for) against every limit of the namespace's quotas, one by one and all together."""
    pairs = list(scaled(estate)) if estate.things("ResourceQuota") else []
    for quota in estate.things("ResourceQuota"):
        if quota.node.get("spec", "scopes") is not None or quota.node.get("spec", "scopeSelector") is not None:
            continue
        here = [(scaler, workload) for scaler, workload in pairs if together(quota, workload.thing)]
        hard = quota.node.get("spec", "hard")
        for key, limit in hard.items() if hard is not None else ():
            most = quantity(limit.text)
            if key.text in _COUNTED and most is not None:
                yield from _limit(estate, quota, key.text, limit, most, here)
                yield from _silent(estate, key.text, limit, here)


def _limit(
    estate: Estate, quota: Thing, key: str, limit: Node, most: float, here: list[tuple[Scaler, Workload]]
) -> Iterator[Defect]:
    alone = False
    needs: list[tuple[Scaler, float]] = []
    for scaler, workload in here:
        each = _asks(workload, key)
        needs.append((scaler, scaler.most * each))
        if each > 0 and scaler.most * each > most >= 0 and scaler.most_node is not None:
            alone = True
            fit = int(most / each)
            yield Defect(
                scaler.most_node.place,
                f"{scaler.most} pods of {workload.name} need {_need(scaler.most * each, key)}, but the quota {quota.name} "
                f"allows {_shown(most, key)}: the {_th(fit + 1)} pod is refused",
                f"Raise {key} of the quota to at least {_shown(scaler.most * each, key)}, or lower the maximum to {fit}",
                (Related(limit.place, "the quota"),),
            )
    fixed = _fixed(estate, quota, key, {workload.name for _, workload in here})
    total = sum(need for _, need in needs) + fixed
    if not alone and len(needs) > 1 and total > most:
        names = ", ".join(f"{scaler.target} {_shown(need, key)}" for scaler, need in needs if need)
        others = f", workloads without autoscaler {_shown(fixed, key)}" if fixed else ""
        yield Defect(
            limit.place,
            f"At their maxima the autoscaled workloads need {_shown(total, key)} of {key} together ({names}{others}), but "
            f"{quota.name} allows {_shown(most, key)}",
            "Raise the quota if they peak together, or lower a maximum",
            confidence=Confidence.LIKELY,
        )


def _silent(estate: Estate, key: str, limit: Node, here: list[tuple[Scaler, Workload]]) -> Iterator[Defect]:
    """Under a quota of a resource every container has to say how much of it it wants, or its pod is refused."""
    resource, part = _COUNTED[key], "limits" if key.startswith("limits.") else "requests"
    ranges = estate.things("LimitRange")
    for scaler, workload in here if resource else ():
        if any(same_namespace(one, workload.thing) for one in ranges):
            continue
        for container in workload.containers:
            said = container.get("resources", part, resource) or (
                container.get("resources", "limits", resource) if part == "requests" else None
            )
            if said is None:
                yield Defect(
                    (container.get("name") or container).place,
                    f"{workload.name} says no {part} of {resource}, but the quota counts them: every new pod that "
                    f"{scaler.name} wants is refused",
                    f"Add resources.{part}.{resource}, or a LimitRange with a default",
                    (Related(limit.place, "the quota"),),
                    confidence=Confidence.LIKELY,  # A LimitRange that was not read may give a default.
                )


def _asks(workload: Workload, key: str) -> float:
    resource = _COUNTED[key]
    if not resource:
        return 1.0
    if key.startswith("limits."):
        return sum(
            quantity(found.text) or 0.0
            for container in workload.containers
            if (found := container.get("resources", "limits", resource)) is not None
        )
    return workload.asks(resource)


def _fixed(estate: Estate, quota: Thing, key: str, scaled_names: set[str]) -> float:
    """What workloads without an autoscaler ask for."""
    return sum(
        integer(workload.replicas, 1) * _asks(workload, key)
        for (kind, name), found in workloads(estate).items()
        if kind in ("Deployment", "StatefulSet") and name not in scaled_names
        for workload in found
        if together(quota, workload.thing)
    )


def _shown(value: float, key: str) -> str:
    return written(round(value, 6), _COUNTED[key] or "pods")


def _need(value: float, key: str) -> str:
    return f"{_shown(value, key)} of {key}" if _COUNTED[key] else f"room for {_shown(value, key)}"


def _th(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


RULE = ValidationRule(
    "SC020", "quota-too-small", "A quota does not hold the pods that may be wanted.", Severity.ERROR, check
)
