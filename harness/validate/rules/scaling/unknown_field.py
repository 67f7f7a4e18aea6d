"""SC001: a manifest has a field that its kind does not know."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.schema import Problem, Trouble, problems, versions

SLIP = 0.75
"""How alike two names are (difflib) from which on one is surely meant for the other."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Fields that are in no schema: surely a slip where a known one is near, else perhaps of another version."""
    for thing, wrong in problems(estate):
        for problem in wrong:
            if problem.trouble is Trouble.UNKNOWN:
                meant = f"; did you mean '{problem.near}'?" if problem.near else ""
                product = "KEDA " + versions()["keda"] if "keda" in thing.api else "Kubernetes " + versions()["kubernetes"]
                yield Defect(
                    problem.place,
                    f"{problem.says} in {product}{meant} It is refused, or dropped in silence"
                    if meant
                    else f"{problem.says} in {product}: it is refused, or dropped in silence",
                    f"Write {problem.near}"
                    if problem.near
                    else f"Take {problem.field} out, or move it to where it belongs",
                    confidence=_confidence(thing, problem),
                )


def _confidence(thing: Thing, problem: Problem) -> Confidence:
    """A slip is certain; what is near nothing may be of a newer version, as Kubernetes adds fields with each."""
    likeness = SequenceMatcher(None, problem.field.lower(), problem.near.lower()).ratio()
    if likeness >= SLIP:
        return Confidence.CERTAIN
    return Confidence.LIKELY if "keda" in thing.api else Confidence.GUESS


RULE = ValidationRule(
    "SC001", "unknown-field", "A manifest has a field that its kind does not know.", Severity.ERROR, check
)
