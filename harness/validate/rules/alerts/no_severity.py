"""AL015: an alert has no severity although the others have one, or one that is a slip of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.validate.artefacts import Rule
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.similar import similar

_FEW = 3
"""So many alerts of a file have to have one before one without is remarkable."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Alerts file by file for missing ones; over all files for slips."""
    files: dict[object, list[Rule]] = {}
    for rule in estate.alerts:
        files.setdefault(rule.place.path, []).append(rule)
    for rules in files.values():
        bare = [rule for rule in rules if not rule.labels.get("severity")]
        if len(rules) - len(bare) < _FEW or len(bare) * 4 > len(rules):
            continue
        for rule in bare:
            yield Defect(
                rule.place,
                f"{rule.alert} has no severity, but the {len(rules) - len(bare)} other alerts of this file have one: "
                "Alertmanager's routes by severity pass it over",
                "Add the label severity",
                confidence=Confidence.LIKELY,
            )
    used = Counter(rule.labels.get("severity", "") for rule in estate.alerts)
    common = {level for level, count in used.items() if level and count >= _FEW}
    for rule in estate.alerts:
        level = rule.labels.get("severity", "")
        meant = similar(level, common) if level and used[level] == 1 and "{{" not in level else ""
        if meant:
            written = rule.node.get("labels", "severity")
            yield Defect(
                written.place if written is not None else rule.place,
                f"The severity '{level}' of {rule.alert} is used nowhere else; {used[meant]} alerts have '{meant}'",
                f"Write {meant}",
                confidence=Confidence.LIKELY,
            )


RULE = ValidationRule("AL015", "no-severity", "An alert lacks the severity others have.", Severity.WARNING, check)
