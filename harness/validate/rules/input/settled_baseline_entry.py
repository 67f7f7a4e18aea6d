"""IN005: the baseline holds a finding that is mended."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Only who reads the baseline knows; it yields these (baseline.py)."""
    yield from ()


RULE = ValidationRule(
    "IN005", "settled-baseline-entry", "The baseline holds a finding that is mended.", Severity.INFO, check
)
