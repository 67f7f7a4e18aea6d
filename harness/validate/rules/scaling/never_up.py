"""SC031: scaling up is disabled, and a window wants more pods."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.hpa import Select
from harness.validate.rule import ValidationRule
from harness.validate.scaler import integer, scalers


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """selectPolicy: Disabled against the cron triggers of the same object."""
    for scaler in scalers(estate):
        select = scaler.behaviour.get("scaleUp", "selectPolicy") if scaler.behaviour is not None else None
        if select is None or scaler.up.select is not Select.DISABLED:
            continue
        for trigger in scaler.triggers:
            wanted = trigger.setting("desiredReplicas")
            if trigger.type == "cron" and wanted is not None and integer(wanted, 0) > scaler.floor:
                yield Defect(
                    wanted.place,
                    f"This window wants {wanted.text} pods, but scaleUp of {scaler.name} is disabled",
                    "Take selectPolicy: Disabled out of scaleUp",
                    (Related(select.place, "disabled here"),),
                )


RULE = ValidationRule("SC031", "never-up", "A window wants more pods, and scaling up is disabled.", Severity.ERROR, check)
