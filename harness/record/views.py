"""The questions that judges, the live view and reports share, answered from a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hdrh.histogram import HdrHistogram

from harness.record.histograms import add_encoded, new_histogram
from harness.record.reader import RecordReader
from harness.record.rows import Gap, Json, Requests, Watch

__all__ = [
    "Boot",
    "PodLife",
    "ReplicaPoint",
    "boots",
    "gaps",
    "merged",
    "new_histogram",
    "pods",
    "replicas",
    "requests",
    "timestamp",
    "workloads",
]

WORKLOAD_LABEL = "app.kubernetes.io/name"
READY_AT = "generalprobe.dev/ready-at"


@dataclass(frozen=True, slots=True)
class ReplicaPoint:
    """A workload's replicas from `at` until the next point: wanted by spec, present, ready."""

    at: float
    wanted: int
    present: int
    ready: int


@dataclass(frozen=True, slots=True)
class PodLife:
    """One pod from creation to its end. Times in seconds since the epoch; None where it has not come (yet).

    `ready_at`: first time Ready; `leaving_at`: deletion asked for; `gone_at`: object deleted.
    """

    name: str
    uid: str
    workload: str
    territory: str
    created_at: float
    ready_at: float | None
    leaving_at: float | None
    gone_at: float | None
    restarts: int


def timestamp(text: str | None) -> float | None:
    """RFC 3339 as Kubernetes and Alertmanager write it -> seconds since the epoch."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else None


def workloads(record: RecordReader) -> list[str]:
    """Names of the Deployments that were watched, in order of name."""
    found = record.select("SELECT DISTINCT name FROM watch WHERE kind = 'Deployment' ORDER BY name")
    return [name for (name,) in found]


def replicas(record: RecordReader, workload: str) -> list[ReplicaPoint]:
    """How many replicas of a Deployment were wanted, present and ready, one point per change."""
    points: list[ReplicaPoint] = []
    for at, change, wanted, present, ready in record.select(_REPLICAS, (workload,)):
        gone = change == "DELETED"
        point = ReplicaPoint(at, *(0 if gone else int(number or 0) for number in (wanted, present, ready)))
        if not points or (point.wanted, point.present, point.ready) != (
            points[-1].wanted,
            points[-1].present,
            points[-1].ready,
        ):
            points.append(point)
    return points


_REPLICAS = """
    SELECT at, change, json_extract(object, '$.spec.replicas'), json_extract(object, '$.status.replicas'),
           json_extract(object, '$.status.readyReplicas')
    FROM watch WHERE kind = 'Deployment' AND name = ? ORDER BY rowid
"""


def pods(record: RecordReader, workload: str | None = None) -> list[PodLife]:
    """Every pod seen, in order of creation; of one workload where given."""
    lives: dict[str, PodLife] = {}
    for seen in record.rows(Watch, "kind = 'Pod'"):
        life = _life(seen, lives.get(seen.uid))
        if workload is None or life.workload == workload:
            lives[seen.uid] = life
    return sorted(lives.values(), key=lambda life: life.created_at)


def _life(seen: Watch, before: PodLife | None) -> PodLife:
    metadata: Json = seen.object.get("metadata") or {}
    status: Json = seen.object.get("status") or {}
    labels: Json = metadata.get("labels") or {}
    ready_at = before.ready_at if before else None
    ready: Json = next((c for c in status.get("conditions") or () if c.get("type") == "Ready"), {})
    if ready_at is None and ready.get("status") == "True":
        exact = (metadata.get("annotations") or {}).get(READY_AT)
        ready_at = timestamp(exact) if exact else min(seen.at, (timestamp(ready.get("lastTransitionTime")) or 0) + 1)
    leaving_at = before.leaving_at if before else None
    if leaving_at is None and metadata.get("deletionTimestamp"):
        leaving_at = seen.at
    gone_at = seen.at if seen.change == "DELETED" else None
    return PodLife(
        name=seen.name,
        uid=seen.uid,
        workload=labels.get(WORKLOAD_LABEL, ""),
        territory=labels.get("territory", ""),
        created_at=before.created_at if before else (timestamp(metadata.get("creationTimestamp")) or seen.at),
        ready_at=ready_at,
        leaving_at=leaving_at if leaving_at is not None else gone_at,
        gone_at=gone_at,
        restarts=sum(int(c.get("restartCount") or 0) for c in status.get("containerStatuses") or ()),
    )


@dataclass(frozen=True, slots=True)
class Boot:
    """One start of a pod's process, from its first readiness to its end: `until` is None while it lives."""

    pod: str
    workload: str
    territory: str
    ready_at: float
    until: float | None


def boots(record: RecordReader) -> list[Boot]:
    """Every start of every pod that became ready: a container that restarts forgets what it had received."""
    found: list[Boot] = []
    open_at: dict[str, Boot] = {}
    restarts: dict[str, int] = {}
    for seen in record.rows(Watch, "kind = 'Pod'"):
        life = _life(seen, None)
        boot = open_at.get(seen.uid)
        restarted = life.restarts > restarts.get(seen.uid, life.restarts)
        restarts[seen.uid] = life.restarts
        if boot and (restarted or life.leaving_at is not None):
            died = min(seen.at, _finished(seen) or seen.at) if restarted else seen.at
            found.append(Boot(boot.pod, boot.workload, boot.territory, boot.ready_at, died))
            del open_at[seen.uid]
        elif boot is None and life.ready_at is not None and life.leaving_at is None:
            open_at[seen.uid] = Boot(life.name, life.workload, life.territory, life.ready_at, None)
    return sorted([*found, *open_at.values()], key=lambda boot: (boot.ready_at, boot.pod))


def _finished(seen: Watch) -> float | None:
    containers = (seen.object.get("status") or {}).get("containerStatuses") or ()
    ends = [((one.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for one in containers]
    return min((at for at in map(timestamp, ends) if at is not None), default=None)


def merged(rows: Iterable[Requests]) -> HdrHistogram:
    """The latencies of all rows in one histogram, microseconds from the intended start."""
    total = new_histogram()
    add_encoded(total, (row.histogram for row in rows))
    return total


def requests(
    record: RecordReader, since: float, until: float, *, territory: str | None = None, workload: str | None = None
) -> list[Requests]:
    """Rows of requests whose intended second lies in [since, until)."""
    where = "second >= ? AND second < ?"
    arguments: list[object] = [since, until]
    for column, value in (("territory", territory), ("workload", workload)):
        if value is not None:
            where, arguments = f"{where} AND {column} = ?", [*arguments, value]
    return list(record.rows(Requests, where, tuple(arguments)))


def gaps(record: RecordReader, source: str, since: float, until: float) -> list[Gap]:
    """Stretches of [since, until] in which `source` saw nothing although it should have."""
    return list(record.rows(Gap, "source = ? AND since < ? AND until > ?", (source, until, since)))
