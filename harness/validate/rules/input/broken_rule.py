"""IN006: a rule broke."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Only the engine knows which rule broke; it yields these (engine.py)."""
    yield from ()


RULE = ValidationRule(
    "IN006", "broken-rule", "A rule broke on these files; the others had their say.", Severity.ERROR, check
)
