"""SQ003: a file says that it may be applied again, and fails the second time."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.applying import applied
from harness.validate.sql.repetition import claim, means_it, unguarded
from harness.validate.sql.repository import repository

_MEND = "Write IF NOT EXISTS, OR REPLACE, ON CONFLICT DO NOTHING, or DROP … IF EXISTS before it"


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """What failed in the second application; where no database could be asked, what has no guard."""
    outcome = applied(estate, settings)
    scripts = {id(script.file): script for script in repository(estate).scripts}
    for failure in outcome.again:
        script = scripts[id(failure.statement.file)]
        said = claim(script)
        yield Defect(
            failure.statement.at(),
            f"Applied a second time, this fails: {failure.says}; other statements of the file may be repeated",
            _MEND,
            (Related(said.at(), "this says that the file may be applied again"),) if said is not None else (),
            Confidence.LIKELY if means_it(script) else Confidence.GUESS,
        )
    for script in scripts.values():
        said = claim(script)
        if said is None or id(script.file) in outcome.repeated:
            continue
        for statement, what in unguarded(script):
            yield Defect(
                statement.at(),
                f"Applied a second time, this fails, for the {what} is there; other statements of the file may be repeated",
                _MEND,
                (Related(said.at(), "this says that the file may be applied again"),),
                Confidence.LIKELY if means_it(script) else Confidence.GUESS,
            )


RULE = ValidationRule(
    "SQ003", "sql-not-idempotent", "A file with IF NOT EXISTS fails when it is applied again.", Severity.WARNING, check
)
