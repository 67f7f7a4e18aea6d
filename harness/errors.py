"""What can go wrong in a way that the caller can act on: one exception per kind, worded for the person who reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class Exit(IntEnum):
    """Exit codes of every `rehearse` command (docs/reference/exit-codes.md)."""

    PASS = 0
    FAILED = 1
    BAD_INPUT = 2
    INCONCLUSIVE = 3
    STOPPED = 4
    INTERRUPTED = 130


class RehearseError(Exception):
    """Anything that ends a command with one clear sentence: what happened, where, how to mend it."""

    exit_code: Exit = Exit.BAD_INPUT


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file a person wrote. `line` counts from 1."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: a sentence, and where it stands."""

    text: str
    position: Position | None = None

    def __str__(self) -> str:
        return f"{self.text} ({self.position})" if self.position else self.text


class BadInput(RehearseError):
    """Input that a person wrote cannot be used. Carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Unavailable(RehearseError):
    """Something the rehearsal stands on cannot be had: a part, a port, disk space, a cluster that answers."""

    exit_code = Exit.BAD_INPUT


class Inconclusive(RehearseError):
    """The harness itself could not do its part, so nothing can be said about the system."""

    exit_code = Exit.INCONCLUSIVE


class Vetoed(RehearseError):
    """A safety rule forbids the change: no opt-in label, context not allowed, blast radius exceeded."""

    exit_code = Exit.STOPPED
