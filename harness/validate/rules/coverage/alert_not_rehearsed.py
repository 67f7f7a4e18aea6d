"""CV004: an alert that no rehearsal has ever made fire."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.coverage import rehearsals_of_alert
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rehearsed import expectations
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every alert, where rehearsals judge other alerts already."""
    if not estate.found.rehearsals or not any(one.kind == "alert" for one in expectations(estate)):
        return
    told: set[str] = set()
    for rule in estate.alerts:
        if rule.alert not in told and not rehearsals_of_alert(rule.alert, estate):
            told.add(rule.alert)
            yield Defect(
                rule.place,
                f"No rehearsal has made {rule.alert} fire, so nobody knows whether it reaches anybody",
                "Cause it by a fault in a rehearsal, and expect it in the runbook (`kind: alert`)",
            )


RULE = ValidationRule("CV004", "alert-not-rehearsed", "An alert that no rehearsal makes fire.", Severity.INFO, check)
