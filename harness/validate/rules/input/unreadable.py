"""IN001: a file, or a document in it, cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Everything that reading could not make sense of."""
    for one in estate.found.unreadable:
        yield Defect(one.place, one.says, one.mend)


RULE = ValidationRule("IN001", "unreadable", "A file or a document in it cannot be read.", Severity.ERROR, check)
