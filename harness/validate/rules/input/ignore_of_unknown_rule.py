"""IN003: a comment silences a rule that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings, did_you_mean
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.suppression import ignores


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every id in an ignore comment that no rule has."""
    from harness.validate.registry import rules  # noqa: PLC0415 - the registry imports this module

    known = {rule.id for rule in rules()} | {rule.name for rule in rules()}
    for comment in ignores(estate.found.files):
        for id_ in comment.ids:
            if id_ not in known:
                yield Defect(
                    comment.place,
                    f"There is no rule {id_} to ignore{did_you_mean(id_, sorted(known))}",
                    "Name the id that the finding shows",
                )


RULE = ValidationRule(
    "IN003", "ignore-of-unknown-rule", "An ignore comment names a rule that does not exist.", Severity.ERROR, check
)
