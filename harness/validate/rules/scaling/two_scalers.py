"""SC010: two autoscalers act on one workload."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, scalers
from harness.validate.workload import folder, together

_SAMPLES = frozenset({"example", "examples", "sample", "samples", "demo", "demos", "templates"})


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Pairs of scalers with one target that surely are of one installation."""
    by_target: dict[tuple[str, str], list[Scaler]] = {}
    for scaler in scalers(estate):
        if scaler.target:
            by_target.setdefault((scaler.kind, scaler.target), []).append(scaler)
    for (kind, target), rivals in by_target.items():
        for index, later in enumerate(rivals[:50]):
            for earlier in rivals[:index]:
                if _meet(earlier, later):
                    yield Defect(
                        later.thing.place,
                        f"{later.thing.kind} {later.name} scales {kind} {target}, and so does {earlier.thing.kind} "
                        f"{earlier.name}: each undoes what the other does",
                        "Keep one; put the triggers of both into one ScaledObject"
                        if later.keda or earlier.keda
                        else "Keep one; put the metrics of both into one HPA",
                        (Related(earlier.thing.place, "the other scaler"),),
                        confidence=_sure(earlier, later),
                    )
                    break


def _sure(one: Scaler, other: Scaler) -> Confidence:
    """A folder of samples holds alternatives, of which one is applied; a file, or a namespace by name, is applied whole."""
    if set(folder(one.thing).parts) & _SAMPLES:
        return Confidence.GUESS
    same_file = one.thing.node.file.path == other.thing.node.file.path
    return Confidence.CERTAIN if same_file or (one.namespace and other.namespace) else Confidence.LIKELY


def _meet(one: Scaler, other: Scaler) -> bool:
    if (one.thing.kind, one.name) == (other.thing.kind, other.name) or not together(one.thing, other.thing):
        return False  # The same object written twice is another environment, or an update.
    if one.keda != other.keda:
        keda, hpa = (one, other) if one.keda else (other, one)
        named = keda.spec("advanced", "horizontalPodAutoscalerConfig", "name")
        if hpa.name == (named.text if named is not None else f"keda-hpa-{keda.name}"):
            return False  # KEDA's own HPA, dumped beside it, or one that KEDA is to take over.
        return hpa.thing.annotations.get("validations.keda.sh/hpa-ownership") != "false"
    return True


RULE = ValidationRule("SC010", "two-scalers", "Two autoscalers act on one workload.", Severity.ERROR, check)
