"""A record that grows, read on from where it was left: what an update costs does not depend on how long the run lasts."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

from harness.plan.model import Plan
from harness.record.reader import RecordReader
from harness.record.rows import TABLES, Alert, Arrivals, Fault, Mark, Notification, Requests
from harness.record.views import ReplicaPoint

KEPT_SECONDS = 15
"""How long traffic is kept: the view looks at the last few seconds only, and late rows must find them."""
News = Fault | Alert | Notification


class Following:
    """What a run's record has said so far, as far as the live view shows it. Holds the record open; close it."""

    def __init__(self, plan: Plan, run: Path) -> None:
        """Open the record in the folder `run`. Raises BadInput where there is none."""
        self.plan = plan
        self.record = RecordReader(run)
        self.t0: float | None = None
        self.marks: dict[str, float] = {}
        self.replicas: dict[str, list[ReplicaPoint]] = {}
        self.faults: dict[str, str] = {}
        self.alerts: dict[tuple[str, str], str] = {}
        self.received: Notification | None = None
        self.requests: deque[Requests] = deque()
        self.arrivals: deque[Arrivals] = deque()
        self.read_until = dict.fromkeys(["watch", *(TABLES[kind] for kind in _FOLLOWED)], 0)
        """Table -> rowid of the last row that was read."""

    def read(self, now: float) -> list[News]:
        """Take in what was written since the last time. Returns the new faults, alerts and notifications, by time."""
        if self.t0 is None and (told := self.record.meta("t0")) is not None:
            self.t0 = float(told["at"])
        self._read_replicas()
        news: list[News] = []
        for kind in _FOLLOWED:
            for row in self._new(kind):
                self._take(row)
                if isinstance(row, Fault | Alert | Notification):
                    news.append(row)
        for traffic in (self.requests, self.arrivals):
            while traffic and traffic[0].second < now - KEPT_SECONDS:
                traffic.popleft()
        return sorted(news, key=lambda row: row.at)

    def close(self) -> None:
        """Close the record. Closing twice is harmless."""
        self.record.close()

    def _take(self, row: Mark | Fault | Alert | Notification | Requests | Arrivals) -> None:
        match row:
            case Mark():
                self.marks.setdefault(row.name, row.at)
            case Fault():
                self.faults[row.fault] = row.step
            case Alert():
                self.alerts[row.name, json.dumps(row.labels, sort_keys=True)] = row.state
            case Notification():
                self.received = row
            case Requests():
                self.requests.append(row)
            case Arrivals():
                self.arrivals.append(row)

    def _new(self, kind: type[_Followed]) -> list[_Followed]:
        table = TABLES[kind]
        last = self._last(table)
        before, self.read_until[table] = self.read_until[table], last
        if last == before:
            return []
        if kind is Requests or kind is Arrivals:
            before = self._recent(table, before, last)
        return list(self.record.rows(kind, "rowid > ? AND rowid <= ?", (before, last)))

    def _recent(self, table: str, before: int, last: int) -> int:
        """Whoever begins to follow late (a view opened on a long record) need not read all the traffic before."""
        if last - before <= _MANY:
            return before
        ((newest,),) = self.record.select(f"SELECT second FROM {table} WHERE rowid = ?", (last,))
        found = self.record.select(f"SELECT min(rowid) FROM {table} WHERE second >= ?", (newest - KEPT_SECONDS,))
        return int(found[0][0] or 1) - 1

    def _last(self, table: str) -> int:
        return int(self.record.select(f"SELECT max(rowid) FROM {table}")[0][0] or 0)

    def _read_replicas(self) -> None:
        last = self._last("watch")
        for name, at, change, *numbers in self.record.select(_REPLICAS, (self.read_until["watch"], last)):
            wanted, present, ready = (0 if change == "DELETED" else int(number or 0) for number in numbers)
            points = self.replicas.setdefault(name, [])
            before = points[-1] if points else None
            if before is None or (before.wanted, before.present, before.ready) != (wanted, present, ready):
                points.append(ReplicaPoint(at, wanted, present, ready))
        self.read_until["watch"] = last


_Followed = Mark | Fault | Alert | Notification | Requests | Arrivals
_FOLLOWED: tuple[type[_Followed], ...] = (Mark, Fault, Alert, Notification, Requests, Arrivals)
_MANY = 2000
# The plus keeps SQLite from walking the index over kinds, which holds every Deployment's change since the start.
_REPLICAS = """
    SELECT name, at, change, json_extract(object, '$.spec.replicas'), json_extract(object, '$.status.replicas'),
           json_extract(object, '$.status.readyReplicas')
    FROM watch WHERE +kind = 'Deployment' AND rowid > ? AND rowid <= ? ORDER BY rowid
"""
