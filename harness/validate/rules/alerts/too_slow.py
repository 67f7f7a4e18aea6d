"""AL022: an alert takes longer to reach people than the runbook promises."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Rule
from harness.validate.delivery import delivery
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Mention, Reaction, Threshold
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """A promise that names its alert, else the alerts that its section names."""
    for promise in estate.all(Reaction):
        for rule in _meant(promise, estate):
            way = delivery(rule, estate, settings, not _only_firing(promise, estate))
            if way.total <= promise.within:
                continue
            sure = promise.confidence if promise.alert or promise.confidence is Confidence.GUESS else Confidence.LIKELY
            yield Defect(
                rule.place,
                f"The runbook promises {rule.alert} within {promise.within.total_seconds():g} s, but it takes {way.sum()}",
                "Shorten 'for' or group_wait, or promise a time that can be kept",
                (Related(promise.place, "the promise"), *way.related),
                confidence=sure,
                understood=promise.understood(),
            )


def _meant(promise: Reaction, estate: Estate) -> list[Rule]:
    names = {promise.alert} if promise.alert else _in_section(promise, estate)
    return [rule for rule in estate.alerts if rule.alert in names]


def _in_section(promise: Reaction, estate: Estate) -> set[str]:
    """The alerts that are named under the same headings."""
    path, above = promise.place.path, promise.headings
    found = {
        one.name
        for one in estate.all(Mention)
        if one.kind == "alert" and one.place.path == path and one.headings[: len(above)] == above
    }
    for threshold in estate.all(Threshold):
        if threshold.place.path == path and threshold.headings[: len(above)] == above:
            found |= set(threshold.alerts)
    return found


def _only_firing(promise: Reaction, estate: Estate) -> bool:
    """Whether a `yaml expect` block promises firing in Prometheus, not that somebody is told."""
    if promise.confidence is not Confidence.CERTAIN:
        return False
    file = next((one for one in estate.found.files if one.path == promise.place.path), None)
    line = file.lines[promise.place.line - 1] if file is not None and promise.place.line <= len(file.lines) else ""
    return "fires_within" in line and "received_within" not in line


RULE = ValidationRule("AL022", "slower-than-promised", "An alert is slower than promised.", Severity.ERROR, check)
