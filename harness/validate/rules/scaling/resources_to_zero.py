"""SC026: a ScaledObject with nothing but cpu and memory is to scale to zero."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import RESOURCES, scalers
from harness.validate.workload import targets_of


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """KEDA's admission webhook refuses these: no pods use no CPU, so nothing would ever bring them back."""
    for scaler in scalers(estate):
        if scaler.triggers and scaler.least == 0 and all(trigger.type in RESOURCES for trigger in scaler.triggers):
            node = scaler.least_node
            unseen = node is None and not targets_of(scaler, estate)
            yield Defect(
                node.place if node is not None else scaler.thing.place,
                f"{scaler.name} has cpu and memory triggers only and minReplicaCount 0{'' if node else ', the default'}; "
                "KEDA refuses it, because nothing could bring the pods back",
                "Set minReplicaCount to at least 1, or add a trigger that does not come from the pods",
                severity=Severity.INFO if unseen else Severity.ERROR,
            )


RULE = ValidationRule(
    "SC026", "resources-to-zero", "Only cpu and memory triggers, and a minimum of zero.", Severity.ERROR, check
)
