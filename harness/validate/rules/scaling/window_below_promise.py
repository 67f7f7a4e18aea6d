"""SC033: the runbook promises more pods for a season than any of its windows asks for."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.pledges import Pledge, pledges
from harness.validate.rule import ValidationRule
from harness.validate.scaler import Scaler, Trigger, integer
from harness.validate.text import Place


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Promised pods against desiredReplicas of the season's window, or of all windows where none bears its name."""
    found: dict[Place, Defect] = {}
    for pledge in pledges(estate):
        if pledge.down or pledge.cause == "load" or not (pledge.step.season or pledge.cause == "window"):
            continue
        defect = _defect(pledge)
        if defect is not None:
            known = found.get(defect.place)
            if known is None or defect.confidence.most() > known.confidence.most():
                found[defect.place] = defect
    yield from found.values()


def _defect(pledge: Pledge) -> Defect | None:
    scaler = pledge.scaler
    windows = _windows(scaler, pledge.step.season)
    most = max((integer(window.setting("desiredReplicas"), 0) for window in windows), default=0)
    if not windows or max(most, scaler.floor) >= pledge.goal or pledge.goal > scaler.most:
        return None
    widest = max(windows, key=lambda window: integer(window.setting("desiredReplicas"), 0))
    node = widest.setting("desiredReplicas")
    if node is None or not node.text.isdecimal():
        return None
    others = any(trigger.type != "cron" for trigger in scaler.triggers)
    season = f" in {pledge.step.season}" if pledge.step.season else ""
    load = "; only load can bring the rest" if others else ""
    return Defect(
        node.place,
        f"{pledge.goal} pods of {scaler.target} are promised{season}, but this window asks for {node.text}{load}",
        f"Set desiredReplicas to {pledge.goal}, or promise {max(most, scaler.floor)}",
        (Related(pledge.step.place, "the promise"),),
        confidence=pledge.confidence if pledge.step.season and not others else _at_most_likely(pledge.confidence),
        understood=pledge.understood,
    )


def _at_most_likely(confidence: Confidence) -> Confidence:
    return Confidence.LIKELY if confidence is Confidence.CERTAIN else confidence


def _windows(scaler: Scaler, season: str) -> list[Trigger]:
    windows = [trigger for trigger in scaler.triggers if trigger.type == "cron"]
    named = [window for window in windows if season and season.lower() in window.name.lower()]
    return named or windows


RULE = ValidationRule(
    "SC033", "window-below-promise", "More pods are promised for a season than its window asks for.", Severity.ERROR, check
)
