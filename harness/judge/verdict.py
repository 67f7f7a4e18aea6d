"""What a run came to, as values: the findings, what they add up to, and the exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.errors import BadInput, Exit, Unavailable
from harness.expectations.base import Finding, Result

VERDICT_SCHEMA: Final = "generalprobe.dev/verdict/v1"
FILE_NAME = "verdict.json"
OWN_KINDS = frozenset({"fault", "load", "observer"})
"""Kinds of findings about the harness itself. They can spoil a verdict, never make one."""


class Whole(StrEnum):
    """What a verdict says as a whole."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


_EXITS = {
    Whole.PASS: Exit.PASS,
    Whole.FAIL: Exit.FAILED,
    Whole.INCONCLUSIVE: Exit.INCONCLUSIVE,
    Whole.STOPPED: Exit.STOPPED,
    Whole.INTERRUPTED: Exit.INTERRUPTED,
}


class Verdict(BaseModel):
    """The verdict on one run, version 1 of its form. Times in seconds since the epoch."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_: Literal["generalprobe.dev/verdict/v1"] = Field(default=VERDICT_SCHEMA, alias="schema")
    run: str = Field(description="Name of the run's folder.")
    rehearsal: str = Field(description="What was rehearsed.")
    target: str = Field(description="Name of the target.")
    lapse: float = Field(description="How many seconds of the season passed in one.")
    result: Whole = Field(description="What the findings add up to.")
    exit_code: Exit = Field(description="Exit code of the command that reached this verdict.")
    reason: str = Field(default="", description="Why the run did not complete, where it did not.")
    started: float = Field(description="The first moment of the run.")
    ended: float = Field(description="The last instant the record knows of.")
    harness: str = Field(description="Version of the harness that judged.")
    host: dict[str, Any] = Field(default_factory=dict, description="The machine it ran on, as the run recorded it.")
    findings: tuple[Finding, ...] = Field(description="Expectations in the order of the runbook, then the harness itself.")

    def counts(self) -> dict[Result, int]:
        """How many findings there are of each result."""
        return {result: sum(finding.result is result for finding in self.findings) for result in Result}

    def to_json(self) -> str:
        """The verdict as indented JSON."""
        return self.model_dump_json(indent=2) + "\n"

    def write(self, run: Path) -> Path:
        """Write verdict.json into the run's folder, whole or not at all. Raises Unavailable where that is impossible."""
        path, draft = run / FILE_NAME, run / f".{FILE_NAME}.{os.getpid()}"
        try:
            draft.write_text(self.to_json(), encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise Unavailable(f"{path} cannot be written: {error.strerror}; free space or change its rights.") from None
        return path

    @classmethod
    def read(cls, run: Path) -> Verdict:
        """Read what `write` wrote. Raises BadInput where there is none."""
        path = run / FILE_NAME
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}; `rehearse judge {run.name}` makes it.") from None
        except ValueError:
            raise BadInput(f"{path} is no verdict of version 1; `rehearse judge {run.name}` makes it anew.") from None


def add_up(findings: Sequence[Finding], outcome: str | None) -> Whole:
    """What findings come to. `outcome`: completed | interrupted | stopped | not begun; None: the run died.

    Interrupted and stopped come first, then failures and missing data that is not allowed, then what the harness could
    not do. Without any finding about an expectation nothing was checked, which is never a pass.
    """
    if outcome == "interrupted":
        return Whole.INTERRUPTED
    if outcome == "stopped":
        return Whole.STOPPED
    if outcome == "not begun":
        return Whole.INCONCLUSIVE
    if any(f.result is Result.FAIL or (f.result is Result.NO_DATA and not f.allowed) for f in findings):
        return Whole.FAIL
    checked = [finding for finding in findings if finding.kind not in OWN_KINDS and finding.result is not Result.NO_DATA]
    if any(finding.result is Result.INVALID for finding in findings) or not checked:
        return Whole.INCONCLUSIVE
    return Whole.PASS


def exit_code(whole: Whole) -> Exit:
    """The exit code of `rehearse run` and `rehearse judge`."""
    return _EXITS[whole]


def json_schema() -> str:
    """JSON Schema of verdict.json, as it is shipped beside this module."""
    schema = Verdict.model_json_schema(by_alias=True, mode="serialization")
    schema["$id"] = f"https://{VERDICT_SCHEMA}.json"
    return json.dumps(schema, indent=2) + "\n"
