"""SC018: cooldownPeriod outlasts the gap between two windows, or does nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from operator import or_

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import KEDA_DEFAULT_COOLDOWN, Scaler, scalers
from harness.validate.windows import Window, horizon_minutes, windows_by_thing


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Only the step to zero (or to idle) waits for it; that step is never taken where the next window opens before."""
    by_thing = dict(windows_by_thing(estate))
    for scaler in scalers(estate):
        node = scaler.spec("cooldownPeriod") if scaler.keda else None
        to_zero = scaler.keda and (scaler.least == 0 or scaler.idle_node is not None)
        if node is not None and not to_zero:
            yield Defect(
                node.place,
                f"cooldownPeriod is for the step to zero, which {scaler.name} never takes: its minimum is {scaler.least}",
                "Set advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds, or leave it out",
                severity=Severity.INFO,
            )
        elif to_zero and all(trigger.type == "cron" for trigger in scaler.triggers):
            yield from _gap(scaler, by_thing.get(scaler.thing, ()), settings)


def _gap(scaler: Scaler, windows: tuple[Window, ...], settings: Settings) -> Iterator[Defect]:
    if not windows or any(window.pair is None for window in windows):
        return
    node = scaler.spec("cooldownPeriod")
    cooldown = scaler.seconds("cooldownPeriod", KEDA_DEFAULT_COOLDOWN)
    zone = windows[0].node.string("metadata", "timezone")
    since, until = horizon_minutes(settings, zone)
    stretches = reduce(or_, (window.cover(since, until) for window in windows)).stretches
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(stretches)]
    if gaps and max(gaps) * 60 <= cooldown:
        longest = max(gaps)
        yield Defect(
            node.place if node is not None else scaler.thing.place,
            f"Between its windows {scaler.name} has at most {longest} min, but waits {cooldown} s before it scales to "
            f"{'zero' if scaler.idle_node is None else 'idle'}: it never does",
            f"Set cooldownPeriod below {longest * 60}, or leave the windows out",
            (Related(windows[0].part("end"), "a window ends"),),
            severity=Severity.WARNING if node is not None else Severity.INFO,
        )


RULE = ValidationRule(
    "SC018", "cooldown", "cooldownPeriod outlasts the gap between windows, or does nothing.", Severity.WARNING, check
)
