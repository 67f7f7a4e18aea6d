"""RB003: a runbook names a Deployment, StatefulSet, ScaledObject, HPA or Service that no manifest has."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Mention
from harness.validate.rule import ValidationRule
from harness.validate.similar import similar

_KINDS = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "scaledobject": "ScaledObject",
    "hpa": "HorizontalPodAutoscaler",
    "service": "Service",
}


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Only where manifests of the kind were read; a name like none of them belongs to somebody else, most likely."""
    told: set[tuple[object, str, str]] = set()
    for mention in estate.all(Mention):
        kind = _KINDS.get(mention.kind, "")
        known = {thing.name: thing for thing in estate.things(kind)} if kind else {}
        key = (mention.place.path, kind, mention.name)
        if not known or mention.name in known or key in told or _made_by_keda(estate, kind, mention.name):
            continue
        told.add(key)
        other, scaler = _elsewhere(estate, mention.name), _scaler_of(known, mention.name)
        near = similar(mention.name, known)
        says = f"There is no {kind} {mention.name} in the manifests that were read"
        if scaler is not None:
            says = f"There is no {kind} {mention.name}; the one that scales {mention.name} is called {scaler.name}"
            mend, related = f"Write {scaler.name}", scaler
        elif other is not None:
            says, mend, related = f"{mention.name} is a {other.kind}, not a {kind}", f"Write {other.kind.lower()}", other
        elif near:
            says, mend, related = f"{says}; the nearest is {near}", f"Write {near}, if that is meant", known[near]
        else:
            mend, related = "Check the name; whoever types it at night gets 'not found'", None
        yield Defect(
            mention.place,
            says,
            mend,
            (Related(related.place, f"the {related.kind} {related.name}"),) if related is not None else (),
            confidence=_confidence(mention, related, known),
            understood=mention.understood(),
        )


def _confidence(mention: Mention, related: Thing | None, known: dict[str, Thing]) -> Confidence:
    """Sure for a command with a name that is a slip; a name of our family is likely ours; any other may be anybody's."""
    if related is not None:
        return mention.confidence
    family = mention.name.split("-")[0]
    return (
        Confidence.LIKELY
        if "-" in mention.name and any(name.split("-")[0] == family for name in known)
        else Confidence.GUESS
    )


def _elsewhere(estate: Estate, name: str) -> Thing | None:
    """A workload of that name and another kind."""
    return next((thing for thing in estate.things("Deployment", "StatefulSet", "DaemonSet") if thing.name == name), None)


def _scaler_of(known: dict[str, Thing], name: str) -> Thing | None:
    """The autoscaler among them whose target has that name."""
    return next((one for one in known.values() if one.node.string("spec", "scaleTargetRef", "name") == name), None)


def _made_by_keda(estate: Estate, kind: str, name: str) -> bool:
    """The HPA that KEDA makes for a ScaledObject, or that a ScaledObject names."""
    if kind != "HorizontalPodAutoscaler":
        return False
    scalers = estate.things("ScaledObject")
    named = {one.node.string("spec", "advanced", "horizontalPodAutoscalerConfig", "name") for one in scalers}
    return name in named or name in {f"keda-hpa-{one.name}" for one in scalers}


RULE = ValidationRule("RB003", "unknown-workload", "A runbook names a workload no manifest has.", Severity.ERROR, check)
