"""The open model: every arrival of the plan at its own time, whatever became of those before it.

One driver keeps absolute intended times and gives each arrival a greenlet of its own. Must be imported after Locust.
"""

from __future__ import annotations

import gc
import math
import random
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import Event
from locust.contrib.fasthttp import FastHttpSession

from harness.load.exchange import Exchange
from harness.load.job import Job, Limits
from harness.load.report import First, Report, RequestKey, StartKey
from harness.traffic.arrivals import Arrival, seeded
from harness.traffic.behaviour import Behaviour, NotLearnt

REPORTED_FIRSTS = 80  # more than the recorder keeps: answers come in another order than requests were sent
STARTS_IN_A_ROW = 20  # then other greenlets run, so that a generator that is behind still reads answers
LEARN_AGAIN = 0.5
COMPLAIN_AFTER = 5.0


@dataclass(slots=True)
class _Open:
    """A request on its way. Times in seconds since the epoch; `sent` is None until the greenlet has begun."""

    at: float
    arrival: Arrival
    workload: str
    greenlet: gevent.Greenlet | None = None
    sent: float | None = None


@dataclass(slots=True)
class _News:
    """What the next report will tell."""

    requests: dict[RequestKey, list[int]] = field(default_factory=lambda: defaultdict(list))
    starts: dict[StartKey, list[int]] = field(default_factory=lambda: defaultdict(list))
    firsts: list[First] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


class Generator:
    """Starts the arrivals of one worker and keeps their latencies until they are reported."""

    def __init__(
        self,
        job: Job,
        mine: Iterator[Arrival],
        limits: Limits,
        sessions: dict[str, FastHttpSession],
        behaviours: dict[str, Behaviour],
        clock: Callable[[], float],
    ) -> None:
        """`sessions` by workload, `behaviours` by territory, `clock`: seconds since the epoch, never going back."""
        self._job = job
        self._mine = mine
        self._limits = limits
        self._sessions = sessions
        self._behaviours = behaviours
        self._clock = clock
        self._timeouts = {name: operation.timeout.total_seconds() for name, operation in job.profile.operations.items()}
        self._workloads = {(o, t): job.profile.workload_of(o, t) for o in job.profile.operations for t in behaviours}
        self._open: dict[int, _Open] = {}
        self._passed = -math.inf
        self._news = _News()
        self._complaints: set[str] = set()
        self._pods: dict[str, int] = defaultdict(int)
        self._learnt: set[str] = set()
        self._given_up: dict[str, int] = defaultdict(int)
        self._cpu = (time.process_time(), clock())
        self.stopping = Event()

    # Driving

    def drive(self) -> None:
        """Start every arrival at its time, until the plan ends or `stopping` is set."""
        in_a_row = 0
        for number, arrival in enumerate(self._mine):
            at = self._job.t0 + arrival.at
            self._passed = at
            if self._wait_until(at):
                in_a_row = 0
            if self.stopping.is_set():
                return
            reason = self._reason_not_to_start(arrival, at)
            if reason:
                self._given_up[reason] += 1
            else:
                self._start(number, arrival, at)
            in_a_row += 1
            if in_a_row >= STARTS_IN_A_ROW:
                in_a_row = 0
                gevent.sleep(0)
        self._passed = self._job.end
        self._wait_until(self._job.end)
        if not self.stopping.is_set():
            self._passed = math.inf

    def _wait_until(self, moment: float) -> bool:
        """Sleep until then or until stopped. False where the moment has passed already."""
        delay = moment - self._clock()
        if delay <= 0:
            return False
        while delay > 0 and not self.stopping.wait(delay):
            delay = moment - self._clock()
        if self.stopping.is_set():
            self._passed = min(self._passed, self._clock())
        return True

    def _reason_not_to_start(self, arrival: Arrival, at: float) -> str:
        if self._clock() - at > self._limits.late:
            return f"they were more than {self._limits.late:g} s late"
        if arrival.territory not in self._learnt:
            return f"the ids to use in {arrival.territory} are not known"
        if len(self._open) >= self._limits.in_flight:
            return f"{self._limits.in_flight} requests were open already"
        return ""

    def _start(self, number: int, arrival: Arrival, at: float) -> None:
        opened = _Open(at, arrival, self._workloads[arrival.operation, arrival.territory])
        self._open[number] = opened
        opened.greenlet = gevent.spawn(self._perform, number, opened)

    def _perform(self, number: int, opened: _Open) -> None:
        arrival = opened.arrival

        def begins(sent: float) -> None:
            opened.sent = sent
            key = (math.floor(opened.at), arrival.territory, opened.workload)
            self._news.starts[key].append(max(0, round((sent - opened.at) * 1e6)))

        exchange = Exchange(self._sessions[opened.workload], self._timeouts[arrival.operation], self._clock, begins)
        try:
            getattr(self._behaviours[arrival.territory], arrival.operation)(exchange)
        except gevent.GreenletExit:
            return
        except (Exception, gevent.Timeout) as error:  # a behaviour is other people's code: whatever it raises is told
            where = _where(error)
            self._complain(f"The operation {arrival.operation} failed with {type(error).__name__}: {error} ({where})")
        if self._open.pop(number, None) is None:
            return  # drained: it is counted already
        if exchange.sent is not None and exchange.answered is not None:
            self._answered(opened, exchange, exchange.sent, exchange.answered)

    def _answered(self, opened: _Open, exchange: Exchange, sent: float, answered: float) -> None:
        self._count(opened, exchange.outcome(), answered)
        headers = exchange.response.headers if exchange.response is not None else None
        pod, warm_header = (headers.get("X-Pod"), headers.get("X-Warm")) if headers else (None, None)
        if pod and self._pods[pod] < REPORTED_FIRSTS:
            self._pods[pod] += 1
            warm = _truth(warm_header)
            latency = max(1, round((answered - sent) * 1e6))
            self._news.firsts.append(First(sent, pod, opened.workload, latency, exchange.response.status_code, warm))

    def _count(self, opened: _Open, outcome: str, answered: float) -> None:
        arrival = opened.arrival
        key = (math.floor(opened.at), arrival.territory, opened.workload, arrival.operation, outcome)
        self._news.requests[key].append(max(1, round((answered - opened.at) * 1e6)))

    # Learning

    def learn(self, territory: str) -> None:
        """Have the behaviour learn its ids, again and again until it can; arrivals before that are not started."""
        component = self._job.profile.behaviour.learns_from
        session = self._sessions[self._job.profile.workload_named(component, territory)]
        begun = self._clock()
        complained = False
        while not self.stopping.is_set():
            try:
                self._behaviours[territory].learn(session)
            except NotLearnt as error:
                if not complained and self._clock() - begun > COMPLAIN_AFTER:
                    complained = True
                    self._complain(f"The ids to use in {territory} cannot be learnt: {error}")
                self.stopping.wait(LEARN_AGAIN)
                continue
            except Exception as error:
                self._complain(
                    f"Learning the ids of {territory} failed with {type(error).__name__}: {error} ({_where(error)})"
                )
                self.stopping.wait(LEARN_AGAIN)
                continue
            self._learnt.add(territory)
            gc.collect()
            gc.freeze()  # what was learnt stays: a full collection over it would stall the driver
            return

    # Ending and reporting

    def drain(self, seconds: float) -> None:
        """Wait for open requests; what is still open then counts as timeout with the time it has had so far."""
        waiting = [opened.greenlet for opened in self._open.values() if opened.greenlet is not None]
        gevent.joinall(waiting, timeout=seconds)
        cut = [opened for opened in self._open.values() if opened.sent is not None]
        for opened in cut:
            self._count(opened, "timeout", self._clock())
        if cut:
            self._note("warning", f"{len(cut)} requests were without an answer when the load ended; they count as timeout.")
        self._open.clear()
        gevent.killall(waiting, block=False)

    def report(self, *, last: bool = False) -> Report:
        """News since the last report."""
        now = self._clock()
        waiting = min((o.at for o in self._open.values() if o.sent is None), default=math.inf)
        sent = [(o.at, o.sent) for o in self._open.values() if o.sent is not None]
        for reason, count in self._given_up.items():
            self._note("warning", f"{count} arrivals were not started because {reason}.")
        self._given_up.clear()
        news, self._news = self._news, _News()
        cpu, at = self._cpu
        self._cpu = (time.process_time(), now)
        return Report(
            passed=min(self._passed, waiting, 1e18),
            oldest_intended=min((o.at for o in self._open.values()), default=now),
            oldest_sent=min((when for _, when in sent), default=now),
            requests=news.requests,
            starts=news.starts,
            firsts=news.firsts,
            notes=news.notes,
            cpu_share=(self._cpu[0] - cpu) / (now - at) if now > at else 0.0,
            in_flight=len(sent),
            last=last,
        )

    def _note(self, level: str, text: str) -> None:
        self._news.notes.append((level, text))

    def _complain(self, text: str) -> None:
        if text not in self._complaints and len(self._complaints) < 20:
            self._complaints.add(text)
            self._note("error", text)


def new_clock() -> Callable[[], float]:
    """Seconds since the epoch that run evenly, also when somebody sets the wall clock."""
    offset = time.time() - time.perf_counter()
    return lambda: time.perf_counter() + offset


def new_stream(job: Job, territory: str, index: int) -> random.Random:
    """The random stream of the choices that a behaviour makes in one worker."""
    return seeded(job.plan.seed, territory, f"choices/{index}")


def _truth(text: Any) -> bool | None:
    return {"true": True, "false": False}.get(str(text).lower())


def _where(error: BaseException) -> str:
    """file:line of the innermost frame."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "place unknown"
