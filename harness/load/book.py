"""The books of the generator: what the plan intended against what the workers say they did. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.load.report import First, Report, RequestKey, StartKey
from harness.record.histograms import encoded
from harness.record.rows import Arrivals, FirstRequest, Requests
from harness.traffic.arrivals import Arrival

FIRST_REQUESTS = 50
LONGEST_US = 60_000_000


class ArrivalsBook:
    """Counts intended arrivals from the plan, starts from the workers; the difference was not started.

    A worker that says nothing can therefore never make the result better. `t0` in seconds since the epoch.
    """

    def __init__(self, intended: Iterator[Arrival], t0: float, workload_of: Callable[[Arrival], str], workers: int) -> None:
        self._stream = intended
        self._next = next(intended, None)
        self._t0 = t0
        self._workload_of = workload_of
        self._workers = workers
        self._intended: dict[StartKey, int] = defaultdict(int)
        self._lags: dict[StartKey, list[int]] = defaultdict(list)

    def started(self, starts: dict[StartKey, list[int]]) -> None:
        """Add the lags of arrivals that a worker started, microseconds."""
        for key, lags in starts.items():
            self._lags[key] += lags

    def settle(self, before: float, limits: Sequence[float] | None = None) -> list[Arrivals]:
        """Rows of all seconds that end by `before` (epoch) and have not been settled yet.

        `limits`: for each worker, the time up to which it was to start arrivals; without, there is no end.
        """
        self._intend(before, limits)
        done = sorted(key for key in self._intended.keys() | self._lags.keys() if key[0] + 1 <= before)
        return [self._row(key) for key in done]

    def _intend(self, before: float, limits: Sequence[float] | None) -> None:
        while self._next is not None and (at := self._t0 + self._next.at) < before:
            arrival = self._next
            self._next = next(self._stream, None)
            if limits is None or at < limits[arrival.ordinal % self._workers]:
                self._intended[(math.floor(at), arrival.territory, self._workload_of(arrival))] += 1

    def _row(self, key: StartKey) -> Arrivals:
        intended, lags = self._intended.pop(key, 0), sorted(self._lags.pop(key, ()))
        intended = max(
            intended, len(lags)
        )  # the last second of a run that was stopped: it is cut at the start, not after it
        return Arrivals(*key, intended, len(lags), intended - len(lags), percentile(lags, 0.99))


class RequestsBook:
    """Latencies by second and outcome, kept until no request of the second is open, so that a key is one row."""

    def __init__(self, patience: float = 3.0) -> None:
        """After `patience` seconds a second is written although requests of it are open; the rest follows in more rows."""
        self._patience = patience
        self._latencies: dict[RequestKey, list[int]] = defaultdict(list)

    def answered(self, requests: dict[RequestKey, list[int]]) -> None:
        """Add latencies from the intended start, microseconds."""
        for key, latencies in requests.items():
            self._latencies[key] += latencies

    def settle(self, oldest_open: float, now: float) -> list[Requests]:
        """Rows of the seconds before the oldest open request, and of those older than the patience (epoch seconds)."""
        limit = max(oldest_open, now - self._patience)
        done = sorted(key for key in self._latencies if key[0] + 1 <= limit)
        return [self._row(key, self._latencies.pop(key)) for key in done]

    def _row(self, key: RequestKey, latencies: list[int]) -> Requests:
        return Requests(*key, len(latencies), encoded([min(max(latency, 1), LONGEST_US) for latency in latencies]))


class FirstsBook:
    """The first requests that each pod answered, in the order of sending, over all workers."""

    def __init__(self, keep: int = FIRST_REQUESTS) -> None:
        self._keep = keep
        self._waiting: list[First] = []
        self._written: dict[str, int] = defaultdict(int)

    def answered(self, firsts: Iterable[First]) -> None:
        """Add answers, in any order."""
        self._waiting += firsts

    def settle(self, oldest_sent: float) -> list[FirstRequest]:
        """Rows of the answers that were sent before any request that is still open (epoch seconds)."""
        self._waiting.sort(key=lambda first: first.sent)
        done = [first for first in self._waiting if first.sent < oldest_sent]
        self._waiting = self._waiting[len(done) :]
        rows = []
        for first in done:
            if self._written[first.pod] < self._keep:
                self._written[first.pod] += 1
                ordinal = self._written[first.pod]
                rows.append(
                    FirstRequest(first.sent, first.pod, first.workload, ordinal, first.latency_us, first.status, first.warm)
                )
        return rows


class Books:
    """All books of one run, and what each worker last said."""

    def __init__(self, arrivals: ArrivalsBook, workers: int) -> None:
        self.arrivals = arrivals
        self.requests = RequestsBook()
        self.firsts = FirstsBook()
        self.last: list[Report | None] = [None] * workers

    def take(self, worker: int, report: Report) -> None:
        """Enter a worker's report."""
        self.last[worker] = report
        self.arrivals.started(report.starts)
        self.requests.answered(report.requests)
        self.firsts.answered(report.firsts)

    def settle(self, now: float, alive: Sequence[int]) -> list[Arrivals | Requests | FirstRequest]:
        """Rows that nothing can change any more. `alive`: workers that still have something to say."""
        said = [self.last[worker] for worker in alive]
        known = [report for report in said if report is not None]
        silent = len(known) < len(said)
        passed = -math.inf if silent else min((report.passed for report in known), default=now)
        oldest = -math.inf if silent else min((report.oldest_intended for report in known), default=now)
        sent = -math.inf if silent else min((report.oldest_sent for report in known), default=now)
        return [
            *self.arrivals.settle(min(passed, now)),
            *self.requests.settle(min(oldest, passed), now),
            *self.firsts.settle(sent),
        ]

    def close(self, end: float, limits: Sequence[float] | None) -> list[Arrivals | Requests | FirstRequest]:
        """All that is left. `end`: a time after which nothing was intended; `limits` as in ArrivalsBook.settle."""
        return [
            *self.arrivals.settle(end, limits),
            *self.requests.settle(math.inf, math.inf),
            *self.firsts.settle(math.inf),
        ]


def percentile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that at least `share` of the ordered values do not exceed (nearest rank); 0 of nothing."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0
