"""SC027: a fallback that cannot help when the signal fails."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.quantity import pods
from harness.validate.rule import ValidationRule
from harness.validate.scaler import RESOURCES, Scaler, integer, scalers


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """A fallback needs a trigger other than cpu and memory, a formula for its behavior, and pods within the limits."""
    for scaler in scalers(estate):
        fallback = scaler.spec("fallback") if scaler.keda else None
        if fallback is None:
            continue
        key = scaler.thing.node.get("spec")
        head = key.key("fallback") if key is not None else None
        behaviour, formula = fallback.get("behavior"), scaler.spec("advanced", "scalingModifiers", "formula")
        if behaviour is not None and behaviour.text == "scalingModifiers" and formula is None:
            yield Defect(
                behaviour.place,
                f"The fallback of {scaler.name} follows scalingModifiers, but there is no formula; KEDA refuses it",
                "Add advanced.scalingModifiers.formula, or take another behavior",
            )
        elif formula is None and scaler.triggers and all(trigger.type in RESOURCES for trigger in scaler.triggers):
            yield Defect(
                (head or fallback).place,
                f"{scaler.name} has cpu and memory triggers only, to which no fallback applies; KEDA refuses it",
                "Leave the fallback out, or add a trigger that KEDA itself reads",
            )
        yield from _limits(scaler)


def _limits(scaler: Scaler) -> Iterator[Defect]:
    node = scaler.spec("fallback", "replicas")
    replicas = integer(node, -1)
    if node is not None and replicas > scaler.most:
        yield Defect(
            node.place,
            f"The fallback of {scaler.name} wants {replicas} pods, but it never gets more than {scaler.most}",
            f"Raise maxReplicaCount to at least {replicas}, or lower the fallback",
            (Related(scaler.most_node.place, "the limit"),) if scaler.most_node is not None else (),
            severity=Severity.WARNING,
        )
    elif node is not None and 0 <= replicas < scaler.least:
        yield Defect(
            node.place,
            f"The fallback of {scaler.name} wants {pods(replicas)}, but there are never fewer than {scaler.least}: no help",
            f"Want at least {scaler.least}, as many as the season needs when the signal is gone",
            (Related(scaler.least_node.place, "the minimum"),) if scaler.least_node is not None else (),
            severity=Severity.INFO,
        )


RULE = ValidationRule("SC027", "fallback-useless", "A fallback cannot help when the signal fails.", Severity.ERROR, check)
