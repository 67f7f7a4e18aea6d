"""SQ001: PostgreSQL's parser refuses a statement or the body of a function."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.repository import repository
from harness.validate.sql.script import Problem
from harness.validate.text import TextFile


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Statements, SQL bodies and PL/pgSQL bodies."""
    known = repository(estate)
    for script in known.scripts:
        for problem in script.problems:
            yield _defect(script.file, problem)
    for routine in known.routines:
        for problem in routine.problems:
            yield _defect(routine.statement.file, problem, routine.name or "this DO block")


def _defect(file: TextFile, problem: Problem, routine: str = "") -> Defect:
    within = f"In the body of {routine}, " if routine else ""
    says = problem.says if problem.hint else f"{within}PostgreSQL cannot parse this: {problem.says}"
    place = file.place(problem.offset, problem.offset + 1)
    related = (Related(file.place(problem.other), "the body is opened here"),) if problem.other is not None else ()
    return Defect(place, says, problem.hint or "Mend the syntax; everything after it was never run", related)


RULE = ValidationRule("SQ001", "sql-syntax", "PostgreSQL's parser refuses the SQL.", Severity.ERROR, check)
