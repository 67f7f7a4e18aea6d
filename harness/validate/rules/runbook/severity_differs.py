"""RB007: a runbook gives an alert another severity than its rule."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.promises import AlertLevel
from harness.validate.rule import ValidationRule

_WORDS = {"kritisch": "critical", "warnung": "warning", "hinweis": "info", "information": "info", "notice": "info"}
_KINDS = (frozenset({"critical", "warning", "info"}), frozenset({"page", "ticket"}), frozenset({"high", "medium", "low"}))


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Words of one kind are compared only: `P1` of a page and `critical` of a rule may well be the same."""
    for promise in estate.all(AlertLevel):
        rules = [rule for rule in estate.alerts if rule.alert == promise.alert and rule.labels.get("severity")]
        found = {_word(rule.labels["severity"]) for rule in rules}
        wanted = _word(promise.level)
        if not rules or wanted in found or not all(_of_one_kind(wanted, one) for one in found):
            continue
        written = rules[0].node.get("labels", "severity")
        yield Defect(
            promise.place,
            f"The runbook gives {promise.alert} the severity {promise.level}, its rule {rules[0].labels['severity']}",
            "Make both the same: who is called, and when, hangs on it",
            (Related(written.place if written is not None else rules[0].place, "the rule's severity"),),
            confidence=promise.confidence,
            understood=promise.understood(),
        )


def _word(level: str) -> str:
    return _WORDS.get(level.lower(), level.lower())


def _of_one_kind(one: str, other: str) -> bool:
    numbered = re.compile(r"(?:p|sev-?)\d")
    return any({one, other} <= kind for kind in _KINDS) or bool(numbered.fullmatch(one) and numbered.fullmatch(other))


RULE = ValidationRule("RB007", "severity-differs", "Runbook and rule disagree on severity.", Severity.ERROR, check)
