"""SC012: an autoscaler's target is of another kind, is nowhere, or cannot be scaled."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings, did_you_mean, nearest
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, scalers
from harness.validate.workload import KINDS, SCALABLE, Workload, folder, targets_of, workloads

APPS = "apps/v1"


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every scaleTargetRef against the workloads that were read."""
    known = workloads(estate)
    for scaler in scalers(estate):
        name = scaler.spec("scaleTargetRef", "name")
        if name is None or not name.text:
            continue
        api = scaler.spec("scaleTargetRef", "apiVersion")
        if scaler.kind in KINDS and api is not None and api.text != APPS:
            yield Defect(
                api.place,
                f"There is no {scaler.kind} in {api.text}; {scaler.name} finds nothing to scale",
                f"Write apiVersion: {APPS}",
            )
        if scaler.kind == "DaemonSet":
            yield Defect(
                name.place,
                f"A DaemonSet has one pod per node; {scaler.name} cannot scale {scaler.target}",
                "Scale a Deployment, or leave the autoscaler out",
            )
        elif scaler.kind in SCALABLE and not targets_of(scaler, estate):
            yield from _missing(scaler, known)


def _missing(scaler: Scaler, known: dict[tuple[str, str], tuple[Workload, ...]]) -> Iterator[Defect]:
    name = scaler.spec("scaleTargetRef", "name")
    assert name is not None
    others = [(kind, found) for (kind, called), found in known.items() if called == scaler.target and kind != scaler.kind]
    for kind, found in others:
        if kind in SCALABLE:
            yield Defect(
                name.place,
                f"{scaler.target} is a {kind}, but {scaler.thing.kind} {scaler.name} looks for a {scaler.kind}",
                f"Write kind: {kind} in scaleTargetRef",
                (Related(found[0].thing.place, f"the {kind}"),),
            )
            return
    elsewhere = known.get((scaler.kind, scaler.target), ())
    if elsewhere:
        yield Defect(
            name.place,
            f"{scaler.kind} {scaler.target} is in namespace {elsewhere[0].thing.namespace}, but {scaler.name} is in "
            f"{scaler.namespace} and only finds what is there",
            f"Put {scaler.name} into namespace {elsewhere[0].thing.namespace}",
            (Related(elsewhere[0].thing.place, "the target"),),
            confidence=Confidence.LIKELY,
        )
        return
    names = [
        called
        for (kind, called), found in known.items()
        if kind == scaler.kind and any(folder(one.thing) == folder(scaler.thing) for one in found)
    ]
    if names:
        near = nearest(scaler.target, names)
        yield Defect(
            name.place,
            f"There is no {scaler.kind} {scaler.target} among the manifests{did_you_mean(scaler.target, names)}",
            f"Name a {scaler.kind} that exists" + (f", such as {near}" if near else ""),
            confidence=Confidence.LIKELY if near else Confidence.GUESS,
        )


RULE = ValidationRule(
    "SC012",
    "target-missing",
    "An autoscaler's target is of another kind, is nowhere, or cannot be scaled.",
    Severity.ERROR,
    check,
)
