"""The rows of a record. Each class is one table; its fields are the columns. To record something new, add a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]

FILE_NAME = "record.sqlite"

FAILED = frozenset({"server_error", "timeout", "connection"})
"""Outcomes of requests that count against the system. A client error is an answer, not a failure to give one."""

FOREIGN_CORES = "host/foreign_cores"
"""Name of the samples that say how many cores of the machine something else kept busy."""


@dataclass(frozen=True, slots=True)
class Meta:
    """A fact about the whole run: `plan` (the plan as JSON), `target`, `versions`, `host`, `t0`, `outcome`."""

    key: str
    value: Json


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the timeline as it really came: `window-opens`, `phase:peak`, `load:4x`, `fault:kill-pods` ..."""

    at: float
    name: str
    detail: Json


@dataclass(frozen=True, slots=True)
class Watch:
    """A change that the API server reported. `object` is the object without managedFields; `change` as the watch says."""

    at: float
    kind: str
    namespace: str
    name: str
    uid: str
    change: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Json


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of one series, from Prometheus, SQL or a probe. `name`: the query's name in the plan or observer."""

    at: float
    name: str
    labels: Json
    value: float


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests whose intended start fell in `second`, by outcome. Latency counts from the INTENDED start.

    `outcome`: ok | not_modified | client_error | server_error | timeout | connection.
    `histogram`: HdrHistogram (1 us .. 60 s, 3 digits), microseconds, in a form that `harness.record.histograms` reads.
    """

    second: int
    territory: str
    workload: str
    operation: str
    outcome: str
    count: int
    histogram: bytes


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What the open model intended in `second` and what became of it. Lag = actual minus intended start, microseconds."""

    second: int
    territory: str
    workload: str
    intended: int
    started: int
    not_started: int
    lag_p99_us: int


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """One of the first requests that a pod answered in this run, in the order of sending (`ordinal` from 1).

    `sent`: actual start; `latency_us`: service time from the actual start; `warm`: what the pod said of itself
    (None: nothing).
    """

    sent: float
    pod: str
    workload: str
    ordinal: int
    latency_us: int
    status: int
    warm: bool | None


@dataclass(frozen=True, slots=True)
class Alert:
    """A change of an alert's state as Prometheus tells it. `state`: pending | firing | inactive."""

    at: float
    name: str
    labels: Json
    state: str
    value: float


@dataclass(frozen=True, slots=True)
class Notification:
    """One alert in one delivery to the harness's receiver. `status`: firing | resolved; times as Alertmanager says."""

    at: float
    receiver: str
    status: str
    name: str
    labels: Json
    starts_at: float
    ends_at: float | None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One step in the life of a business event.

    `step`: committed (in the journal) | notified (seen by the harness's own LISTEN) | received | recovered | duplicate
    (seen by the pod named `pod`: by NOTIFY, by polling or catch-up, again). `at` is the step's own time.
    """

    at: float
    event_id: str
    journal_id: int
    territory: str
    step: str
    pod: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A step of a fault. `step`: started | effect | no_effect | undone | undo_failed | ended; `detail`: what was seen."""

    at: float
    fault: str
    step: str
    detail: Json


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal that chaostoolkit wrote for a fault, whole."""

    at: float
    fault: str
    body: Json


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A source (observer, load, fault process) was alive and current at `at`."""

    at: float
    source: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which a source saw nothing although it should have: expectations that needed it end as no_data."""

    source: str
    since: float
    until: float
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the reader of the report. `level`: info | warning | error. `source` names the writing process."""

    at: float
    source: str
    level: str
    text: str


Row = (
    Meta
    | Mark
    | Watch
    | Sample
    | Requests
    | Arrivals
    | FirstRequest
    | Alert
    | Notification
    | LedgerEntry
    | Fault
    | Journal
    | Heartbeat
    | Gap
    | Note
)

TABLES: dict[type[Row], str] = {
    Meta: "meta",
    Mark: "marks",
    Watch: "watch",
    Sample: "samples",
    Requests: "requests",
    Arrivals: "arrivals",
    FirstRequest: "first_requests",
    Alert: "alerts",
    Notification: "notifications",
    LedgerEntry: "ledger",
    Fault: "faults",
    Journal: "journals",
    Heartbeat: "heartbeats",
    Gap: "gaps",
    Note: "notes",
}
