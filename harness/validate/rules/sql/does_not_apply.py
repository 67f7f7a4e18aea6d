"""SQ002: a real PostgreSQL refuses a statement that parses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.applied import Failure, Kind
from harness.validate.sql.applying import applied
from harness.validate.text import Place


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """What failed by its own fault; and once per file, as information, what misses something from outside."""
    told: set[int] = set()
    for failure in applied(estate, settings).failures:
        statement = failure.statement
        says = failure.says.rstrip(".")
        if failure.kind is Kind.WRONG:
            meant = f"; did you mean '{failure.near}'?" if failure.near else ""
            yield Defect(
                _place(failure),
                f"PostgreSQL refuses this when {statement.file.path.parent} is applied in order: {says}{meant}",
                "Mend the statement, or put what it needs before it",
                confidence=Confidence.LIKELY if failure.near else Confidence.CERTAIN,
            )
        elif failure.kind is Kind.OUTSIDE and id(statement.file) not in told:
            told.add(id(statement.file))
            yield Defect(
                _place(failure),
                f"This could not be tried, for something is missing that these files do not bring: {says}",
                "Nothing has to be done if it is there where the file is applied",
                confidence=Confidence.GUESS,
            )


def _place(failure: Failure) -> Place:
    """Where PostgreSQL points, or the first name it gives, or the statement."""
    statement = failure.statement
    text = statement.file.text
    if failure.position is not None:
        start = statement.start + failure.position
        word = re.compile(r"\w+(?:\.\w+)*|\S").match(text, start)
        return statement.file.place(start, word.end() if word else start + 1)
    for name in re.findall(r'"([^"]+)"', failure.says):
        spot = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)").search(text, statement.start, statement.end)
        if spot:
            return statement.file.place(*spot.span())
    return statement.at()


RULE = ValidationRule("SQ002", "sql-does-not-apply", "PostgreSQL refuses a statement that parses.", Severity.ERROR, check)
