"""Small records to judge, written with the real writer in words: `a_record().with_replicas(...).with_requests(...)`.

Times are seconds after T0. Every source is there from before the start until after the end, unless it is said to be away.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from harness.expectations.base import Finding, Lapse
from harness.judge.judge import judge
from harness.judge.verdict import Verdict
from harness.plan.model import Phase, Plan, PlannedFault
from harness.record.histograms import new_histogram
from harness.record.rows import (
    Alert,
    Arrivals,
    Fault,
    FirstRequest,
    Gap,
    Heartbeat,
    Journal,
    LedgerEntry,
    Mark,
    Meta,
    Notification,
    Requests,
    Row,
    Sample,
    Watch,
)
from harness.record.views import READY_AT
from harness.record.writer import RecordWriter
from tests.plans import a_plan, planned

T0 = 1_790_000_000.0
SOURCES = ("watch", "prometheus", "alertmanager", "receiver", "ledger", "control-plane", "load")
QUERIES, COMMANDS = "crm-queries-de", "crm-commands-de"


class ARecord:
    """A run of 100 seconds with one phase, `peak`, from 20 to 80; the window opens at 10 and closes at 90."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.expectations: list[dict[str, Any]] = []
        self.faults: list[PlannedFault] = []
        self.moments = {
            "start": 0.0,
            "window-opens": 10,
            "phase:peak": 20,
            "phase-end:peak": 80,
            "window-closes": 90,
            "end": 100,
        }
        self.lapse = Lapse(1)
        self.rates: dict[str, tuple[float, float]] = {}
        self.away: dict[str, list[tuple[float, float]]] = {}
        self.died_at: float | None = None
        self.outcome: dict[str, Any] | None = {"result": "completed", "at": T0 + 110}
        self._uid = 0

    # what is promised -------------------------------------------------------------------------------------------
    def promising(self, kind: str, **spec: Any) -> Self:
        self.expectations.append({"id": spec.pop("id", f"the-{kind}"), "kind": kind, **spec})
        return self

    def under(self, lapse: Lapse) -> Self:
        self.lapse = lapse
        return self

    # what happened ----------------------------------------------------------------------------------------------
    def with_replicas(self, *points: tuple[float, int, int, int], workload: str = QUERIES) -> Self:
        """Points of (at, wanted, present, ready)."""
        for at, wanted, present, ready in points:
            status = {"replicas": present, "readyReplicas": ready}
            self.rows.append(self._watch(at, "Deployment", workload, {"spec": {"replicas": wanted}, "status": status}))
        return self

    def with_pod(
        self,
        name: str,
        ready: float | None = 5,
        leaves: float | None = None,
        workload: str = QUERIES,
        restarts: float | None = None,
    ) -> Self:
        """A pod that becomes ready, is asked to leave, or whose container restarts and is ready again two seconds later."""
        self._uid += 1
        metadata = {
            "labels": {"app.kubernetes.io/name": workload, "territory": workload[-2:].upper()},
            "creationTimestamp": _stamp((ready or 5) - 3),
        }
        uid = f"uid-{self._uid}"
        self.rows.append(self._watch((ready or 5) - 3, "Pod", name, {"metadata": metadata, "status": {}}, uid, "ADDED"))
        if ready is not None:
            metadata = {**metadata, "annotations": {READY_AT: _stamp(ready)}}
            self.rows.append(self._watch(ready, "Pod", name, _pod(metadata, ready=True), uid))
        if restarts is not None:
            again = {**metadata, "annotations": {READY_AT: _stamp(restarts + 2)}}
            self.rows.append(self._watch(restarts, "Pod", name, _pod(metadata, ready=False, count=1), uid))
            self.rows.append(self._watch(restarts + 2, "Pod", name, _pod(again, ready=True, count=1), uid))
        if leaves is not None:
            leaving = {**metadata, "deletionTimestamp": _stamp(leaves)}
            self.rows.append(self._watch(leaves, "Pod", name, _pod(leaving, ready=True), uid))
            self.rows.append(self._watch(leaves + 1, "Pod", name, _pod(leaving, ready=False), uid, "DELETED"))
        return self

    def with_first_requests(
        self, pod: str, count: int = 20, ms: float = 5, since: float = 30, warm: bool | None = True, status: int = 200
    ) -> Self:
        for ordinal in range(1, count + 1):
            sent = T0 + since + ordinal * 0.05
            self.rows.append(FirstRequest(sent, pod, QUERIES, ordinal, int(ms * 1000), status, warm))
        return self

    def with_requests(
        self, since: int, until: int, per_second: int = 10, ms: float = 5, outcome: str = "ok", workload: str = QUERIES
    ) -> Self:
        for second in range(since, until):
            histogram = new_histogram()
            histogram.record_value(int(ms * 1000), per_second)
            at, territory = int(T0) + second, workload[-2:].upper()
            self.rows.append(Requests(at, territory, workload, "by id", outcome, per_second, histogram.encode()))
        return self

    def with_arrivals(
        self,
        since: int,
        until: int,
        per_second: int = 10,
        not_started: int = 0,
        lag_ms: float = 0.5,
        workload: str = QUERIES,
    ) -> Self:
        for second in range(since, until):
            at, territory = int(T0) + second, workload[-2:].upper()
            started = per_second - not_started
            self.rows.append(Arrivals(at, territory, workload, per_second, started, not_started, int(lag_ms * 1000)))
        return self

    def with_alert(self, at: float, state: str, name: str = "CrmNotifyQueueFilling", **labels: str) -> Self:
        self.rows.append(Alert(T0 + at, name, {"alertname": name, **labels}, state, 0.8))
        return self

    def with_notification(
        self, at: float, status: str = "firing", receiver: str = "crm-oncall", name: str = "CrmNotifyQueueFilling"
    ) -> Self:
        self.rows.append(Notification(T0 + at, receiver, status, name, {"alertname": name}, T0 + at, None))
        return self

    def with_event(self, number: int, at: float, territory: str = "DE", **had: float) -> Self:
        """An event committed at `at`; `pod_a=31` (with _ for -) received it then; a negative time: recovered it then."""
        self.rows.append(LedgerEntry(T0 + at, f"event-{number}", number, territory, "committed", ""))
        for pod, when in had.items():
            step = "received" if when > 0 else "recovered"
            self.rows.append(LedgerEntry(T0 + abs(when), f"event-{number}", number, territory, step, pod.replace("_", "-")))
        return self

    def with_samples(self, name: str, values: dict[float, float], **labels: str) -> Self:
        self.rows += [Sample(T0 + at, name, labels, value) for at, value in values.items()]
        return self

    def with_fault(
        self,
        name: str = "kill-pods",
        at: float = 40,
        ends: float = 50,
        effect: bool = True,
        undone: bool = True,
        journal: dict[str, Any] | None = None,
        without_journal: bool = False,
    ) -> Self:
        self.with_planned_fault(name, at, ends)
        self.rows.append(Mark(T0 + at, f"fault:{name}", {}))
        self.rows.append(Mark(T0 + ends, f"fault-end:{name}", {}))
        self.rows.append(Fault(T0 + at, name, "started", {}))
        reason = {} if effect else {"reason": "the selector matched nothing"}
        self.rows.append(Fault(T0 + at + 1, name, "effect" if effect else "no_effect", reason))
        self.rows.append(Fault(T0 + ends, name, "undone" if undone else "undo_failed", {}))
        self.rows.append(Fault(T0 + ends, name, "ended", {}))
        if not without_journal:
            self.rows.append(Journal(T0 + ends, name, journal if journal is not None else a_journal()))
        return self

    def with_planned_fault(self, name: str = "kill-pods", at: float = 40, ends: float = 50) -> Self:
        self.faults.append(PlannedFault(id=name, experiment=f"chaos/{name}.yaml", start=at, timeout=ends - at))
        return self

    def with_load_planned(self, **rates: float) -> Self:
        self.rates = {territory: (rate, rate) for territory, rate in rates.items()}
        return self

    # what the harness missed --------------------------------------------------------------------------------------
    def without(self, source: str, since: float = -10, until: float = 110, said: bool = False) -> Self:
        """The source is away; it writes a Gap about it where `said`, else it is only silent."""
        self.away.setdefault(source, []).append((since, until))
        if said:
            self.rows.append(Gap(source, T0 + since, T0 + until, "connection refused"))
        return self

    def ending(self, result: str, at: float) -> Self:
        self.outcome = {"result": result, "reason": f"{result} by the test", "at": T0 + at}
        self.died_at = at
        return self

    def killed(self, at: float) -> Self:
        """Nothing is written from `at` on, no outcome either: kill -9."""
        self.outcome = None
        self.died_at = at
        return self

    # reading it ----------------------------------------------------------------------------------------------------
    def write(self, run: Path) -> Path:
        """Write the record into the folder `run`."""
        limit = float("inf") if self.died_at is None else T0 + self.died_at
        with RecordWriter(run) as writer:
            writer.add(Meta("plan", self.plan().model_dump(mode="json", by_alias=True)))
            writer.add_all([Meta("t0", {"at": T0}), Meta("target", {"name": "test"}), Meta("host", {"cores": 2})])
            marks = [Mark(T0 + at, name, {}) for name, at in self.moments.items()]
            writer.add_all([*(row for row in (*marks, *self.rows) if _when(row) <= limit), *self._heartbeats(limit)])
            if self.outcome is not None:
                writer.add(Meta("outcome", self.outcome))
        return run

    def judged(self, run: Path) -> Verdict:
        """Write, and judge what was written."""
        return judge(self.write(run))

    def plan(self) -> Plan:
        """The plan that the record says was followed."""
        phase = Phase(name="peak", start=20, end=80, rates=self.rates)
        moments = {**self.moments, **{f"fault:{one.id}": one.start for one in self.faults}}
        return a_plan(
            rehearsal="oktoberfest",
            path="rehearsals/oktoberfest.yaml",
            runbook="runbooks/seasonal.md",
            lapse=self.lapse.factor,
            profile="profiles/oktoberfest.yaml",
            phases=[phase],
            faults=self.faults,
            expectations=[planned(spec, self.lapse, line) for line, spec in enumerate(self.expectations, start=10)],
            moments=moments,
        )

    def _heartbeats(self, limit: float) -> list[Row]:
        return [
            Heartbeat(T0 + second, source)
            for source in SOURCES
            for second in range(-10, 111)
            if T0 + second <= limit and not any(a <= second < b for a, b in self.away.get(source, ()))
        ]

    def _watch(
        self, at: float, kind: str, name: str, body: dict[str, Any], uid: str = "uid", change: str = "MODIFIED"
    ) -> Watch:
        return Watch(T0 + at, kind, "crm", name, uid, change, body)  # type: ignore[arg-type]


def a_record() -> ARecord:
    """A run in which nothing was promised and nothing happened yet."""
    return ARecord()


def a_journal(change: Callable[[dict[str, Any]], Any] | None = None) -> dict[str, Any]:
    """A journal as chaostoolkit writes it, of an experiment that went well; `change` alters it."""
    activity = {"activity": {"name": "terminate pods"}, "status": "succeeded", "output": None}
    probe = {"activity": {"name": "pods are ready"}, "status": "succeeded", "tolerance_met": True}
    steady = {"steady_state_met": True, "probes": [probe]}
    journal = {
        "status": "completed",
        "deviated": False,
        "steady_states": {"before": steady, "after": {"steady_state_met": True, "probes": [dict(probe)]}, "during": []},
        "experiment": {"rollbacks": []},
        "run": [activity],
        "rollbacks": [],
    }
    if change:
        change(journal)
    return journal


def the(verdict: Verdict, name: str, subject: str | None = None) -> Finding:
    """The one finding of that id (and subject)."""
    (found,) = [one for one in verdict.findings if one.id == name and subject in (None, one.subject)]
    return found


def _pod(metadata: dict[str, Any], *, ready: bool, count: int = 0) -> dict[str, Any]:
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": None}
    return {"metadata": metadata, "status": {"conditions": [condition], "containerStatuses": [{"restartCount": count}]}}


def _stamp(after: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(T0 + after, UTC).isoformat().replace("+00:00", "Z")


def _when(row: Row) -> float:
    if isinstance(row, Requests | Arrivals):
        return float(row.second)
    if isinstance(row, FirstRequest):
        return row.sent
    return row.since if isinstance(row, Gap) else getattr(row, "at", 0.0)
