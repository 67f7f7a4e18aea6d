"""What a real PostgreSQL said when the files were applied, statement by statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from harness.validate.sql.script import Statement


class Kind(StrEnum):
    """Whose fault a failure is."""

    WRONG = "wrong"
    """The SQL's own: it fails wherever it is applied."""
    OUTSIDE = "outside"
    """Something is missing that these files do not bring: nothing can be said."""
    LONG = "long"
    """It was stopped: too long, too much memory, too much disk."""
    FORBIDDEN = "forbidden"
    """It wants what an owner without superuser's rights may not."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A statement that failed. `position`: the offset in its text at which PostgreSQL points, None where it does not."""

    statement: Statement
    kind: Kind
    code: str
    says: str
    position: int | None = None
    near: str = ""


@dataclass(slots=True)
class Applied:
    """All failures. `again`: those of the second application only; `files`: texts (by identity) that were applied in whole.

    `note`: why nothing, or not everything, was applied.
    """

    failures: list[Failure] = field(default_factory=list)
    again: list[Failure] = field(default_factory=list)
    files: set[int] = field(default_factory=set)
    repeated: set[int] = field(default_factory=set)
    note: str = ""
