"""RB025: SQL in a runbook, in a fence, in code or behind `psql -c`, does not parse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pglast import parse_sql
from pglast.parser import ParseError

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.promises import Command, line_of
from harness.validate.rule import ValidationRule
from harness.validate.shell import filled, simple_commands

_LANGUAGES = frozenset({"sql", "postgresql", "psql", "pgsql"})
_VARIABLE = re.compile(r"(?<!:):(?:'\w+'|\"\w+\"|[a-z_]\w*)|\$\{?\w+\}?")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every statement to be typed, by PostgreSQL's own parser. Placeholders and psql's variables are filled first."""
    for command in estate.all(Command):
        if command.language in _LANGUAGES:
            error = _error(command.text)
            if error is not None:
                yield _defect(command, error[0], error[1])
        elif command.language == "bash" and "psql" in command.text:
            for simple in simple_commands(command.text):
                for sql in _given(simple.words):
                    error = _error(sql)
                    if error is not None:
                        yield _defect(command, simple.row, error[1])


def _given(words: tuple[str, ...]) -> Iterator[str]:
    """What stands behind `-c` of psql, but for its own backslash commands."""
    if "psql" not in words:
        return
    for word, following in pairwise(words):
        if word in ("-c", "--command", "-tc", "-Atc", "-qc", "-tAc", "-qtc", "-Xc"):
            yield following


def _error(sql: str) -> tuple[int, str] | None:
    """The row (from 0) and the message."""
    if "{{" in sql or "..." in sql or "…" in sql or "$(" in sql or re.match(r"\s*\\", sql):
        return None
    rows = ["" if re.match(r"\s*\\", line) else re.sub(r"^\w*=[>#*!]\s?", "", line) for line in sql.split("\n")]
    text = _VARIABLE.sub(lambda found: "x".ljust(len(found[0])), filled("\n".join(rows)))
    try:
        parse_sql(text)
    except ParseError as error:
        at = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], int) else 0
        return text.count("\n", 0, max(at, 0)), str(error.args[0])
    return None


def _defect(command: Command, row: int, says: str) -> Defect:
    return Defect(
        line_of(command, row), f"PostgreSQL cannot parse this: {says}", "Correct the statement so that it can be pasted"
    )


RULE = ValidationRule("RB025", "runbook-sql", "SQL in a runbook does not parse.", Severity.WARNING, check)
