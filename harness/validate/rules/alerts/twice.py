"""AL013: two alerts that are the same."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.artefacts import Rule
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.promql import normalised
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Alerts with one expression, `for` and labels. Copies in other files may be other environments, and are only noted."""
    seen: dict[tuple[object, ...], Rule] = {}
    for rule in estate.alerts:
        labels = tuple(sorted(rule.labels.items()))
        first = seen.setdefault((normalised(rule.expr), rule.waits, labels), rule)
        if first is rule:
            continue
        same_file = first.place.path == rule.place.path
        name = f"{rule.alert} is the same as {first.alert}" if first.alert != rule.alert else f"{rule.alert} is there twice"
        yield Defect(
            rule.place,
            f"{name}: expression, 'for' and labels are alike, so people are called twice for one thing",
            "Remove one of them, or tell them apart by a label",
            (Related(first.place, "the first of them"),),
            severity=None if same_file else Severity.INFO,
        )


RULE = ValidationRule("AL013", "alert-twice", "Two alerts are the same.", Severity.WARNING, check)
