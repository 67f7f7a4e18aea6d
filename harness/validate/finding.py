"""What a rule finds, and what the engine makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from harness.validate.text import Place


class Severity(IntEnum):
    """How bad a finding is, in order."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        return self.name.lower()


class Confidence(StrEnum):
    """How sure a rule is. What was inferred from prose is never more than LIKELY."""

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"

    def most(self) -> Severity:
        """The highest severity that a finding of this confidence may have."""
        return {Confidence.CERTAIN: Severity.ERROR, Confidence.LIKELY: Severity.WARNING, Confidence.GUESS: Severity.INFO}[
            self
        ]


@dataclass(frozen=True, slots=True)
class Related:
    """The other place of a contradiction, and what stands there."""

    place: Place
    says: str


@dataclass(frozen=True, slots=True)
class Defect:
    """What a rule's check yields. `says`: one sentence on what is wrong; `mend`: one on what to do.

    `understood`: what was read out of prose, in a sentence, wherever a rule infers ("p95 of queries stays under 300 ms").
    `severity`: lower than the rule's own where this case is milder.
    """

    place: Place
    says: str
    mend: str
    related: tuple[Related, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    understood: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A defect under its rule's id, with the severity it has in this project."""

    rule: str
    name: str
    severity: Severity
    defect: Defect

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.defect.place

    def order(self) -> tuple[str, int, int, str, str]:
        """Findings are told by place, then rule: the same order whatever order files were named in."""
        return (str(self.place.path), self.place.line, self.place.column, self.rule, self.defect.says)
