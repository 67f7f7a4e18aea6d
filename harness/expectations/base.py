"""What all kinds of expectation have in common: how they are read, bound to a timeline, and judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.expectations.evidence import GRAIN, Evidence
from harness.plan.model import Plan, PlannedExpectation, Scaled, Source
from harness.record.reader import RecordReader


class Result(StrEnum):
    """How an expectation ended. Only `pass` is good; `no_data` counts as fail; `invalid` says the harness failed."""

    PASS = "pass"
    FAIL = "fail"
    NO_DATA = "no_data"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the verdict. `subject` tells findings of one expectation apart (a territory, an alert), '' if it has one.

    `since`, `until`: the stretch of the time axis it speaks of, seconds since the epoch. `evidence`: numbers measured.
    `result` is NO_DATA with `allowed` set where the runbook allows it, with its reason.
    """

    id: str
    kind: str
    subject: str
    result: Result
    wanted: str
    observed: str
    reason: str = ""
    source: Source | None = None
    since: float | None = None
    until: float | None = None
    deadline: float | None = None
    allowed: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    certain: bool = False
    """What was seen stands whatever is missing elsewhere in the stretch (an alert that fired did fire)."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """What an observer shall sample for an expectation, as Sample rows named `name` (the expectation's id).

    `how` says what `text` is: PromQL, one SQL statement whose first column of each row is the value, or a URL. For a URL
    the value is the HTTP status, 0 where nothing answered in time or the answer lacks `contains`. `every`: seconds.
    A sampling that fails writes no row: missing samples are no data, never a value.
    """

    name: str
    how: Literal["promql", "sql", "http"]
    text: str
    every: float = 1.0
    contains: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """What the plan knows when it binds expectations: names that exist, moments that come."""

    workloads: frozenset[str]
    territories: frozenset[str]
    alerts: frozenset[str]
    faults: frozenset[str]
    moments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lapse:
    """Time lapse: durations are divided by `factor`; what cannot be scaled is added as it is.

    `pod_start`: how long a pod needs to start and warm up on this target; `pipeline`: scraping and evaluation grain
    that stays when intervals cannot be made shorter.
    """

    factor: float
    pod_start: timedelta = timedelta()
    pipeline: timedelta = timedelta()

    def scaled(self, original: timedelta, unscaled: timedelta = timedelta(), because: str = "") -> Scaled:
        """`original` under this lapse, plus `unscaled` where there is any."""
        seconds = original.total_seconds()
        return Scaled(
            original=seconds,
            scaled=seconds / self.factor,
            unscaled=unscaled.total_seconds(),
            unscaled_because=because if unscaled else "",
        )


@dataclass(frozen=True, slots=True)
class Case:
    """One planned expectation before the judge: the plan, the record, and what really came when."""

    planned: PlannedExpectation
    plan: Plan
    record: RecordReader
    evidence: Evidence = field(default=None)  # type: ignore[assignment]
    """What judges ask the record again and again; shared by all cases of one judging, made where it is not given."""

    def __post_init__(self) -> None:
        if self.evidence is None:
            object.__setattr__(self, "evidence", Evidence(self.record, self.plan))

    def moment(self, name: str) -> float | None:
        """When the moment really came, seconds since the epoch; None where it never came."""
        return self.evidence.moment(name)

    def came(self, name: str) -> float:
        """`moment` of one of the expectation's `moments()`, which have all come when it is judged."""
        at = self.evidence.moment(name)
        if at is None:
            raise ValueError(f"the moment {name} never came")
        return at

    def deadline(self, name: str) -> float:
        """The scaled deadline of the field `name`, seconds."""
        return self.planned.deadlines[name].deadline

    def finding(self, result: Result, wanted: str, observed: str, **more: Any) -> Finding:
        """A finding of this expectation with id, kind and source filled in."""
        return Finding(
            id=self.planned.id,
            kind=self.planned.kind,
            subject=more.pop("subject", ""),
            result=result,
            wanted=wanted,
            observed=observed,
            source=self.planned.source,
            **more,
        )


class Expectation(BaseModel, ABC):
    """A promise of the runbook that can be checked. Subclasses set `kind` as a Literal and are found by it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    needs: ClassVar[frozenset[str]] = frozenset()
    """Sources (names of heartbeats) whose gaps within the stretch make the result no_data."""
    tolerates: ClassVar[float] = GRAIN
    """Gaps of so many seconds hide nothing from this judge: what it looks for lasts longer, or is read on after a gap."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="Unique within the runbook, e.g. `de-queries-prescaled`.")
    kind: str = Field(description="What is promised: scale, prewarm, latency, errors, alert, events, recover, query ...")
    allow_no_data: str | None = Field(
        default=None,
        min_length=10,
        description="Why missing data is no failure here. Without it, no data is a failure.",
    )

    @abstractmethod
    def stretch(self) -> tuple[str, str]:
        """Names of the moments between which this expectation looks (see Plan.moments)."""

    def durations(self, lapse: Lapse) -> dict[str, Scaled]:
        """The deadlines of this expectation under lapse, by field name."""
        return {}

    def problems(self, world: World) -> Sequence[str]:
        """What this expectation names that does not exist: one sentence each, with the nearest existing name."""
        return ()

    def moments(self) -> Sequence[str]:
        """Every moment this expectation is bound to: it cannot be judged where one is a fault without effect."""
        return self.stretch()

    def samples(self) -> Sequence[Sampling]:
        """What observers must sample for this expectation beyond what they record anyway."""
        return ()

    @abstractmethod
    def judge(self, case: Case) -> Sequence[Finding]:
        """Say what happened, from the plan and the record alone. At least one finding, never none."""
