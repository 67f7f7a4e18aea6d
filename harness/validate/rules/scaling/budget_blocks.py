"""SC022: a PodDisruptionBudget lets no pod go, ever."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import ceil

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, scalers
from harness.validate.workload import SCALABLE, Workload, target_of, together, workloads
from harness.validate.yamltree import Node


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """maxUnavailable 0, and minAvailable that the fewest pods of what it selects only just reach."""
    budgets = estate.things("PodDisruptionBudget")
    by_target = _scaled(estate) if budgets else {}
    for budget in budgets:
        if budget.api not in ("policy/v1", "policy/v1beta1"):
            continue
        most, least = budget.node.get("spec", "maxUnavailable"), budget.node.get("spec", "minAvailable")
        if most is not None and most.text in ("0", "0%"):
            yield _defect(budget, most, f"maxUnavailable {most.text} lets no pod go")
        elif least is not None and least.text == "100%":
            yield _defect(budget, least, "minAvailable 100% lets no pod go")
        elif least is not None:
            for workload in _selected(budget, estate):
                pods, node = _fewest(workload, by_target)
                needed = _needed(least.text, pods)
                if pods and needed is not None and needed >= pods and node is not None:
                    says = f"minAvailable {least.text} of {workload.name}'s {pods} pod{'s' * (pods > 1)} lets none go"
                    yield _defect(budget, least, says, Related(node.place, "the pods there are"))


def _defect(budget: Thing, node: Node, says: str, *related: Related) -> Defect:
    return Defect(
        node.place,
        f"{says}: draining a node waits for {budget.name} without end, and so does every upgrade of the cluster",
        "Let at least one pod go: maxUnavailable: 1, or one pod more than minAvailable",
        related,
    )


def _needed(text: str, pods: int) -> int | None:
    if text.endswith("%") and text[:-1].isdecimal():
        return ceil(pods * int(text[:-1]) / 100)
    return int(text) if text.isdecimal() else None


def _selected(budget: Thing, estate: Estate) -> Iterator[Workload]:
    wanted = budget.node.get("spec", "selector", "matchLabels")
    labels = {(key.text, value.text) for key, value in wanted.items()} if wanted is not None else set()
    if labels and budget.node.get("spec", "selector", "matchExpressions") is None:
        fewest = min((_labelled(estate).get(label, ()) for label in labels), key=len)
        for workload in fewest:
            if labels <= set(workload.pod_labels.items()) and together(budget, workload.thing):
                yield workload


@lru_cache(maxsize=2)
def _labelled(estate: Estate) -> dict[tuple[str, str], list[Workload]]:
    """A label of pods -> the workloads whose pods have it."""
    labelled: dict[tuple[str, str], list[Workload]] = {}
    for (kind, _), found in workloads(estate).items():
        for workload in found if kind in SCALABLE else ():
            for label in workload.pod_labels.items():
                labelled.setdefault(label, []).append(workload)
    return labelled


def _fewest(workload: Workload, by_target: dict[Thing, Scaler]) -> tuple[int, Node | None]:
    """The fewest pods it has in use, and where that stands; 0 where nothing is known."""
    scaler = by_target.get(workload.thing)
    if scaler is not None:
        return (scaler.floor, scaler.least_node) if scaler.least_node is not None else (0, None)
    replicas = workload.replicas
    return (int(replicas.text), replicas) if replicas is not None and replicas.text.isdecimal() else (0, None)


def _scaled(estate: Estate) -> dict[Thing, Scaler]:
    found = ((target_of(scaler, estate), scaler) for scaler in scalers(estate))
    return {workload.thing: scaler for workload, scaler in found if workload is not None}


RULE = ValidationRule("SC022", "budget-blocks", "A PodDisruptionBudget lets no pod go.", Severity.WARNING, check)
