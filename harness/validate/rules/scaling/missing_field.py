"""SC003: an autoscaler lacks a field that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.schema import Trouble, problems
from harness.validate.workload import folder

_WHOLE = frozenset({"ScaledObject", "ScaledJob", "HorizontalPodAutoscaler", "TriggerAuthentication"})
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902", "components")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Required fields of autoscalers, patches left out: those are whole only together with what they patch."""
    patched = {folder(thing) for thing in estate.things("Kustomization", "Component") if _patches(thing)}
    named: dict[tuple[str, str], int] = {}
    for thing in estate.found.things:
        named[thing.kind, thing.name] = named.get((thing.kind, thing.name), 0) + 1
    for thing, wrong in problems(estate):
        if thing.kind not in _WHOLE or named[thing.kind, thing.name] > 1 or _below(folder(thing), patched):
            continue
        for problem in wrong:
            if problem.trouble is Trouble.MISSING:
                yield Defect(
                    problem.place,
                    f"{problem.says}; without it {thing.kind} {thing.name} is refused",
                    f"Add {problem.field}",
                )


def _patches(thing: Thing) -> bool:
    return any(thing.node.get(key) is not None for key in _PATCHES)


def _below(place: Path, folders: set[Path]) -> bool:
    return place in folders or any(parent in folders for parent in place.parents)


RULE = ValidationRule("SC003", "missing-field", "An autoscaler lacks a field that it needs.", Severity.ERROR, check)
