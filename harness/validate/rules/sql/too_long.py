"""SQ005: a statement that does not end, or wants more memory or disk than an empty database can need."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.applied import Kind
from harness.validate.sql.applying import STATEMENT_SECONDS, applied


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """What the throw-away database had to stop."""
    for failure in applied(estate, settings).failures:
        if failure.kind is Kind.LONG:
            late = failure.code == "57014"
            yield Defect(
                failure.statement.at(),
                f"This did not end within {STATEMENT_SECONDS:g} s on a database that holds nothing but these files"
                if late
                else f"This was stopped on a database that holds nothing but these files: {failure.says}",
                "Give the loop an end or work in batches, and set statement_timeout where it is run",
                confidence=Confidence.LIKELY,
            )


RULE = ValidationRule("SQ005", "sql-too-long", "A statement does not end in time.", Severity.WARNING, check)
