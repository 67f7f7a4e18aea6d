"""SC004: a cron trigger wants more pods than maxReplicaCount allows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule

KEDA_DEFAULT_MAX = 100


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every cron trigger's desiredReplicas against its ScaledObject's maxReplicaCount."""
    for scaler in estate.things("ScaledObject"):
        limit = scaler.node.get("spec", "maxReplicaCount")
        most = int(limit.text) if limit is not None and limit.text.isdecimal() else KEDA_DEFAULT_MAX
        for trigger in scaler.node.get("spec", "triggers") or ():
            wanted = trigger.get("metadata", "desiredReplicas")
            if (
                trigger.string("type") == "cron"
                and wanted is not None
                and wanted.text.isdecimal()
                and int(wanted.text) > most
            ):
                yield Defect(
                    wanted.place,
                    f"This window wants {wanted.text} pods, but {scaler.name} never gets more than {most}",
                    f"Raise maxReplicaCount to at least {wanted.text}, or lower desiredReplicas",
                    (Related(limit.place, "the limit"),) if limit is not None else (),
                )


RULE = ValidationRule(
    "SC004", "cron-above-max", "A cron trigger wants more pods than maxReplicaCount.", Severity.ERROR, check
)
