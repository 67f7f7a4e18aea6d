"""SQ004: SQL that runs programs, touches files or connects to servers from within the database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.outside import reaches_outside
from harness.validate.sql.repository import repository

_EXTENSION = re.compile(r"^\\echo Use [\"']+(?:CREATE|ALTER) EXTENSION", re.MULTILINE)
"""The first line of an extension's own script: CREATE EXTENSION runs that, for whoever may."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Statements and pieces of routines; programs weigh more than files."""
    for statement, _ in repository(estate).everything():
        if "extension" in statement.file.text[:2_000].lower() and _EXTENSION.search(statement.file.text[:2_000]):
            continue
        found = reaches_outside(statement.node)
        if found is not None:
            says, location, program = found
            yield Defect(
                statement.at(location),
                f"This {says}, which only a superuser may",
                "Let a job outside the database do it, with the rights it needs and no more",
                confidence=Confidence.LIKELY if program else Confidence.GUESS,
            )


RULE = ValidationRule(
    "SQ004", "sql-reaches-outside", "SQL leaves the database: programs, files, other servers.", Severity.WARNING, check
)
