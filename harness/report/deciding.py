"""What can be said of expectations while the run lasts: those whose stretch is over, by the judge himself, once."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from harness.errors import RehearseError
from harness.expectations.base import Result
from harness.expectations.evidence import Evidence
from harness.expectations.registry import read
from harness.judge.disturbance import undisturbed
from harness.judge.judge import judge_expectation
from harness.plan.model import Plan, PlannedExpectation
from harness.record.reader import RecordReader

SETTLING_SECONDS = 5.0
"""Requests, heartbeats and deliveries of the last seconds of a stretch are recorded only after it."""
PAUSE_SECONDS = 10.0
"""The judge is asked at most so often, and half as often each time that he had nothing to say of an expectation."""
_WORST_FIRST = (Result.FAIL, Result.INVALID, Result.PASS)


def due_at(planned: PlannedExpectation, marks: dict[str, float]) -> float | None:
    """When an expectation can be judged, seconds since the epoch; None while a moment that it is bound to has not come."""
    moments = [marks.get(name) for name in read(planned.spec).moments()]
    came = [at for at in moments if at is not None]
    if len(came) < len(moments) or not came:
        return None
    return max(came) + max((one.deadline for one in planned.deadlines.values()), default=0.0) + SETTLING_SECONDS


def decide(plan: Plan, record: RecordReader, asked: Iterable[PlannedExpectation]) -> dict[str, Result]:
    """The judge's word on these expectations, as it stands now; those of which he has no data are left out."""
    evidence = Evidence(record, plan)
    decided: dict[str, Result] = {}
    for one in asked:
        results = {undisturbed(finding, evidence).result for finding in judge_expectation(one, plan, evidence)}
        if Result.NO_DATA not in results:
            decided[one.id] = next(result for result in _WORST_FIRST if result in results)
    return decided


class Deciding:
    """Asks the judge beside the run, in a thread of its own: the run must not wait for him."""

    def __init__(self, plan: Plan, run: Path) -> None:
        self._plan = plan
        self._run = run
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deciding")
        self._asked: Future[dict[str, Result]] | None = None
        self._next = 0.0
        self._again: dict[str, tuple[float, float]] = {}
        self.decided: dict[str, Result] = {}

    def ask(self, marks: dict[str, float], now: float) -> dict[str, Result]:
        """What is decided so far. Begins to judge what has become due, at most every PAUSE_SECONDS."""
        if self._asked is not None and self._asked.done():
            self.decided |= self._asked.result()
            self._asked = None
        if self._asked is None and now >= self._next:
            self._next = now + PAUSE_SECONDS
            due = [one for one in self._plan.expectations if one.id not in self.decided and self._is_due(one, marks, now)]
            if due:
                self._asked = self._thread.submit(self._judge, due)
        return self.decided

    def wait(self) -> None:
        """Until the judge has answered what he was asked."""
        if self._asked is not None:
            self.decided |= self._asked.result()
            self._asked = None

    def close(self) -> None:
        """Ask no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _is_due(self, one: PlannedExpectation, marks: dict[str, float], now: float) -> bool:
        due = due_at(one, marks)
        again, pause = self._again.get(one.id, (0.0, PAUSE_SECONDS))
        if due is None or now < max(due, again):
            return False
        self._again[one.id] = (now + pause, 2 * pause)
        return True

    def _judge(self, due: list[PlannedExpectation]) -> dict[str, Result]:
        try:
            with RecordReader(self._run) as record:
                return decide(self._plan, record, due)
        except RehearseError:
            return {}  # the view shows what can be said; what is wrong with the record is said by the verdict
