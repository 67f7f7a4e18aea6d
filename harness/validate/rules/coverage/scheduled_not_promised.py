"""CV002: a window brings pods to a workload that the runbook's table of the season leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.coverage import seasons
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule

_TABLE = 2
"""So many promises for other workloads make a list that is meant to be whole."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Windows of seasons whose pods are promised workload by workload."""
    rows = seasons(estate, settings)
    for row in rows:
        others = [one for one in rows if one.promise is not None and one.season == row.season and one.windows is not None]
        if row.promise is None and row.windows is not None and len(others) >= _TABLE:
            yield Defect(
                row.windows.windows[0].part("start"),
                f"{row.workload} gets {row.scheduled} in {row.season}, of which the runbook says nothing",
                "Add it to the runbook's table, so that whoever is on call knows what is planned",
                (Related(others[0].promise.place, "what is promised to others"),) if others[0].promise is not None else (),
                Confidence.GUESS,
                others[0].promise.understood() if others[0].promise is not None else "",
            )


RULE = ValidationRule(
    "CV002", "scheduled-not-promised", "A window brings pods that the runbook does not speak of.", Severity.INFO, check
)
