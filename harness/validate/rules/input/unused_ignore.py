"""IN004: a comment silences what no longer happens."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Only the engine knows what became of the findings; it yields these (engine.py)."""
    yield from ()


RULE = ValidationRule("IN004", "unused-ignore", "An ignore comment silences nothing any more.", Severity.WARNING, check)
