"""SC034: a ScaledObject's name is too long for the HPA that KEDA makes of it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import scalers

MOST = 63


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The name, and `keda-hpa-` with it, are values of labels, which hold 63 characters."""
    for scaler in scalers(estate):
        if not scaler.keda:
            continue
        own = scaler.spec("advanced", "horizontalPodAutoscalerConfig", "name")
        name = own.text if own is not None and own.text else f"keda-hpa-{scaler.name}"
        if len(name) > MOST or len(scaler.name) > MOST:
            yield Defect(
                (own if own is not None and len(scaler.name) <= MOST else scaler.thing).place,
                f"{name} has {len(name)} characters, and a label holds {MOST}; KEDA refuses {scaler.name}",
                "Shorten the name, or set advanced.horizontalPodAutoscalerConfig.name",
            )


RULE = ValidationRule("SC034", "name-too-long", "A ScaledObject's name is too long for its HPA.", Severity.ERROR, check)
