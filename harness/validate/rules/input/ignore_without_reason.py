"""IN002: a comment silences a rule without saying why."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.suppression import ignores


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every ignore comment without a rule or without a reason: it silences nothing."""
    for comment in ignores(estate.found.files):
        if not comment.ids:
            yield Defect(
                comment.place,
                "This ignore comment names no rule, so it silences nothing",
                "Write 'rehearse: ignore SC004 because …' with the id of the rule",
            )
        elif not comment.reason:
            yield Defect(
                comment.place,
                f"This ignore comment gives no reason, so it does not silence {', '.join(comment.ids)}",
                "Add 'because' and the reason, for whoever reads it next season",
            )


RULE = ValidationRule(
    "IN002", "ignore-without-reason", "An ignore comment names no rule or gives no reason.", Severity.ERROR, check
)
