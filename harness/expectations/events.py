"""`events`: every business event that was committed reaches every pod that should have it, or is recovered in time."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

from pydantic import Field, field_validator

from harness.expectations.base import Case, Expectation, Finding, Lapse, Result, World
from harness.expectations.evidence import GRAIN, SILENCE_LIMIT, clock
from harness.expectations.names import Moment, component_of, unknown, unknown_moments
from harness.plan.model import Scaled
from harness.record.reader import RecordReader
from harness.units import Duration

LAST_WORDS = 5.0
"""Seconds before a pod's end from which its ledger may not have been read any more: it owes nothing from there on."""
ROWS_AT_ONCE = 20_000


class Events(Expectation):
    """Of the events committed in the stretch, at most `lost` did not reach a ready pod of their territory in time."""

    needs = frozenset({"watch"})
    tolerates = SILENCE_LIMIT  # a pod that lives entirely within so short a gap owes nothing yet
    # and the ledger, whose gaps it judges itself: see _of_territory

    kind: Literal["events"]
    territories: tuple[str, ...] = Field(
        default=(), description="Territories to judge, one finding each; all when left out."
    )
    component: str = Field(default="queries", description="The workloads whose pods listen, by a word of their name.")
    lost: int = Field(ge=0, description="How many deliveries may be lost: 0.")
    within: Duration = Field(description="From commit to received or recovered by polling.")
    during: tuple[Moment, Moment] = Field(default=("start", "end"), description="Events committed between these moments.")

    @field_validator("territories", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def stretch(self) -> tuple[str, str]:
        """`during`."""
        return self.during

    def durations(self, lapse: Lapse) -> dict[str, Scaled]:
        """`within`, with the grain of polling that no lapse shortens."""
        return {"within": lapse.scaled(self.within, lapse.pipeline, "polling grain")}

    def problems(self, world: World) -> Sequence[str]:
        """Unknown territories or moments."""
        return [*unknown("territory", self.territories, world.territories), *unknown_moments(self.moments(), world)]

    def judge(self, case: Case) -> Sequence[Finding]:
        """One finding per territory."""
        territories = list(self.territories) or case.evidence.territories()
        if not territories:
            return [case.finding(Result.NO_DATA, self._wanted(case), "no events", reason="no load was planned or seen")]
        since, until = case.came(self.during[0]), case.came(self.during[1])
        book = Ledger(case.record, since, until, case.deadline("within"))
        return [self._of_territory(case, territory, book) for territory in territories]

    def _wanted(self, case: Case) -> str:
        return f"{self.lost or 'none'} lost, received or recovered within {clock(case.deadline('within'))}"

    def _of_territory(self, case: Case, territory: str, book: Ledger) -> Finding:
        since, until, within = case.came(self.during[0]), case.came(self.during[1]), case.deadline("within")
        committed, steps = book.committed(territory), book.steps(territory)
        about: dict[str, Any] = {"subject": territory, "since": since, "until": until}
        if not committed:
            away = case.evidence.holes("load", since, until)
            reason = "no event was committed" + (f", for the generator was away: {away[0].reason}" if away else "")
            result = Result.INVALID if away else Result.NO_DATA
            return case.finding(result, self._wanted(case), "0 committed", reason=reason, **about)
        owed = 0
        lost: list[Lost] = []
        for boot in case.evidence.boots:
            if boot.territory == territory and component_of(boot.workload, self.component):
                end = min(boot.until if boot.until is not None else math.inf, case.evidence.heard("ledger"))
                last = end - within - LAST_WORDS
                count, missing = book.owed(territory, boot.pod, boot.ready_at, last)
                owed += count
                lost += missing
        evidence: dict[str, Any] = {**steps, "committed": committed, "owed": owed, "lost": len(lost)}
        evidence["lost_first"] = [{"event_id": one.event_id, "committed": one.at, "pod": one.pod} for one in lost[:10]]
        about["evidence"] = evidence
        observed = f"{len(lost)} lost of {owed:,} deliveries, {committed:,} committed"
        observed += f", {steps.get('recovered', 0):,} recovered, {steps.get('duplicate', 0):,} duplicate"
        if owed == 0:
            reason = f"no {self.component} pod of {territory} was ready long enough to owe an event"
            return case.finding(Result.NO_DATA, self._wanted(case), observed, reason=reason, **about)
        holes = case.evidence.holes("ledger", since, until)
        hidden = [
            one
            for one in lost
            if any(hole.since <= one.at + within + LAST_WORDS and one.at <= hole.until for hole in holes)
        ]
        pods = ", ".join(sorted({one.pod for one in lost})[:5])
        if len(lost) - len(hidden) > self.lost:
            reason = f"{len({one.event_id for one in lost})} events did not reach {pods}"
            return case.finding(Result.FAIL, self._wanted(case), observed, reason=reason, **about)
        # Ledgers are read on from where a gap began, so a gap matters only where something is missing in it, or where
        # nothing was read after it.
        blind = [hole for hole in holes if hole.until >= min(until, case.evidence.horizon) - GRAIN]
        if len(lost) > self.lost or blind:
            reason = f"the ledger was not read for {clock(sum(hole.until - hole.since for hole in holes))}"
            reason += f": {(blind or holes)[-1].reason}"
            return case.finding(Result.NO_DATA, self._wanted(case), observed, reason=reason, **about)
        return case.finding(Result.PASS, self._wanted(case), observed, **about)


@dataclass(frozen=True, slots=True)
class Lost:
    """An event that a pod owed and did not have in time."""

    event_id: str
    at: float
    pod: str


class Ledger:
    """The events committed in a stretch, and which pods had each in time. One pass over the deliveries, however many."""

    def __init__(self, record: RecordReader, since: float, until: float, within: float) -> None:
        self._record = record
        self._span = since, until + within
        rows = record.select(_COMMITTED)
        # By territory and then by time: what a pod owes is one stretch of them.
        self._events = sorted((where, at, number, event) for number, at, event, where in rows if since <= at <= until)
        self._in_time: dict[str, bytearray] = {}
        due = {number: (index, at + within) for index, (_, at, number, _) in enumerate(self._events)}
        not_of_these = 0, -math.inf
        ((last,),) = record.select("SELECT coalesce(max(rowid), 0) FROM ledger")
        for first in range(0, last, ROWS_AT_ONCE):
            for number, pod, at in record.select(_HAD, (first, first + ROWS_AT_ONCE)):
                index, latest = due.get(number, not_of_these)
                if at <= latest:
                    if pod not in self._in_time:
                        self._in_time[pod] = bytearray(len(self._events))
                    self._in_time[pod][index] = 1

    def _stretch(self, territory: str, since: float, until: float) -> tuple[int, int]:
        """Where the territory's events committed in [since, until] begin, and where they are over."""
        return (
            bisect_left(self._events, (territory, since), key=itemgetter(0, 1)),
            bisect_right(self._events, (territory, until), key=itemgetter(0, 1)),
        )

    def committed(self, territory: str) -> int:
        """How many events of the territory were committed."""
        begin, end = self._stretch(territory, -math.inf, math.inf)
        return end - begin

    def steps(self, territory: str) -> dict[str, int]:
        """How many rows there are of each step, for the numbers in the verdict."""
        return dict(self._record.select(_STEPS, (territory, *self._span)))

    def owed(self, territory: str, pod: str, since: float, until: float) -> tuple[int, list[Lost]]:
        """How many events of the territory committed in [since, until] the pod owed, and those it did not have in time."""
        begin, end = self._stretch(territory, since, until)
        in_time = self._in_time.get(pod) or bytearray(len(self._events))
        lost = []
        missing = in_time.find(0, begin, end)
        while missing >= 0:
            _, at, _, event = self._events[missing]
            lost.append(Lost(event, at, pod))
            missing = in_time.find(0, missing + 1, end)
        return max(0, end - begin), lost


_COMMITTED = "SELECT journal_id, min(at), event_id, territory FROM ledger WHERE step = 'committed' GROUP BY journal_id"
_HAD = "SELECT journal_id, pod, at FROM ledger WHERE rowid > ? AND rowid <= ? AND step IN ('received', 'recovered')"
_STEPS = "SELECT step, count(*) FROM ledger WHERE territory = ? AND at >= ? AND at <= ? GROUP BY step"
