"""A record as lines over time, ready to be drawn: what was intended, what came, and who said so."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from harness.expectations.latency import Latency
from harness.expectations.registry import read
from harness.plan.model import Plan
from harness.record import views
from harness.record.histograms import JOINED, percentile_of, rows_of
from harness.record.reader import RecordReader
from harness.record.rows import Alert, Fault, Mark, Notification

LATENCY_POINTS = 240
"""At most this many points per latency line: merging histograms is what takes time."""
LATENCY_GRAIN = 3
"""Seconds: a percentile of the few requests of one second would jump about and say little."""
POINTS = 1000
"""At most this many points per line of arrivals: a screen has no more, and a browser is slow with more."""


@dataclass(frozen=True, slots=True)
class Line:
    """Values over time, seconds since the epoch. `step`: the value holds until the next point."""

    name: str
    at: list[float]
    values: list[float]
    step: bool = False
    group: str = ""
    """What gives the line its colour: its territory."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch with a name: a phase, a fault, an alert's state. `kind` chooses its colour."""

    name: str
    kind: str
    since: float
    until: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A moment with a name: a notification, a killed pod, a window boundary."""

    name: str
    kind: str
    at: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a percentile must stay within during a stretch, milliseconds."""

    name: str
    value: float
    since: float
    until: float


@dataclass(slots=True)
class Axis:
    """Everything that is drawn over one time axis, from `since` to `until`, seconds since the epoch."""

    since: float
    until: float
    phases: list[Span] = field(default_factory=list)
    windows: list[Spot] = field(default_factory=list)
    faults: list[Span] = field(default_factory=list)
    fault_spots: list[Spot] = field(default_factory=list)
    alerts: list[Span] = field(default_factory=list)
    notifications: list[Spot] = field(default_factory=list)
    arrivals: list[Line] = field(default_factory=list)
    latency: list[Line] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    replicas: dict[str, list[Line]] = field(default_factory=dict)


def axis(record: RecordReader) -> Axis:
    """All series of a run. A run that died early gives what there is."""
    since, until = extent(record)
    marks = {mark.name: mark.at for mark in record.rows(Mark)}
    found = Axis(since, until)
    found.phases = [
        Span(name.removeprefix("phase:"), "phase", at, marks.get(f"phase-end:{name.removeprefix('phase:')}", until))
        for name, at in marks.items()
        if name.startswith("phase:")
    ]
    found.windows = [Spot(name.replace("-", " "), "window", at) for name, at in marks.items() if name.startswith("window-")]
    found.faults, found.fault_spots = faults(record, until)
    found.alerts = alerts(record, until)
    found.notifications = [
        Spot(one.name, one.status, one.at, f"{one.receiver}: {_labels(one.labels)}") for one in record.rows(Notification)
    ]
    found.arrivals = arrivals(record)
    found.latency = latency(record, since, until)
    found.limits = limits(record, marks)
    for workload in views.workloads(record):
        points = views.replicas(record, workload)
        at = [max(since, point.at) for point in points] + [until]
        found.replicas[workload] = [
            Line("wanted", at, [float(p.wanted) for p in points] + [float(points[-1].wanted)], step=True),
            Line("ready", at, [float(p.ready) for p in points] + [float(points[-1].ready)], step=True),
        ]
    return found


def extent(record: RecordReader) -> tuple[float, float]:
    """From the first to the last moment of the run: marks, else heartbeats."""
    for table in ("marks", "heartbeats", "notes"):
        first, last = record.select(f"SELECT min(at), max(at) FROM {table}")[0]
        if first is not None and last > first:
            beats = record.select("SELECT max(at) FROM heartbeats")[0][0]
            return float(first), float(max(last, beats or last))
    return 0.0, 1.0


def faults(record: RecordReader, until: float) -> tuple[list[Span], list[Spot]]:
    """Each fault as a stretch from start to end, and its effect and undoing as moments."""
    by_fault: dict[str, dict[str, Fault]] = defaultdict(dict)
    for row in record.rows(Fault):
        by_fault[row.fault].setdefault(row.step, row)
    spans = [
        Span(name, "fault", steps["started"].at, steps["ended"].at if "ended" in steps else until)
        for name, steps in by_fault.items()
        if "started" in steps
    ]
    spots = [
        Spot(f"{name}: {step.replace('_', ' ')}", step, row.at, str(row.detail)[:300])
        for name, steps in by_fault.items()
        for step, row in steps.items()
        if step in ("effect", "no_effect", "undone", "undo_failed")
    ]
    return spans, spots


def alerts(record: RecordReader, until: float) -> list[Span]:
    """Each alert's pending and firing stretches, as Prometheus told them."""
    spans: list[Span] = []
    open_: dict[tuple[str, str], Alert] = {}
    for row in record.rows(Alert):
        key = (row.name, _labels(row.labels))
        before = open_.pop(key, None)
        if before is not None:
            spans.append(Span(row.name, before.state, before.at, row.at, key[1]))
        if row.state in ("pending", "firing"):
            open_[key] = row
    spans += [Span(name, row.state, row.at, until, labels) for (name, labels), row in open_.items()]
    return _united(spans)


def _united(spans: list[Span]) -> list[Span]:
    """One bar where an alert was in one state for several labels at once: bars over bars cannot be told apart."""
    bars: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.name, span.kind, span.since)):
        last = bars[-1] if bars else None
        if last and (last.name, last.kind) == (span.name, span.kind) and span.since <= last.until:
            detail = last.detail if span.detail in last.detail.split("<br>") else f"{last.detail}<br>{span.detail}"
            bars[-1] = Span(span.name, span.kind, last.since, max(last.until, span.until), detail)
        else:
            bars.append(span)
    # a firing bar is drawn over the pending one of another label
    return sorted(bars, key=lambda span: (span.kind == "firing", span.since))


def arrivals(record: RecordReader) -> list[Line]:
    """Intended arrivals per second by territory, and what was not started of them."""
    rows = record.select(
        "SELECT territory, second, sum(intended), sum(not_started) FROM arrivals GROUP BY territory, second ORDER BY second"
    )
    seconds: dict[str, dict[int, float]] = defaultdict(dict)
    for territory, second, intended, not_started in rows:
        seconds[territory][int(second)] = float(intended)
        if not_started:
            seconds[f"{territory} not started"][int(second)] = float(not_started)
    return [Line(name, *_bounded(*_dense(found)), group=name.partition(" ")[0]) for name, found in sorted(seconds.items())]


def _dense(found: dict[int, float]) -> tuple[list[float], list[float]]:
    """Seconds without a row are seconds without an arrival: a line must not slope across them."""
    whole = range(min(found), max(found) + 1)
    return [float(at) for at in whole], [found.get(at, 0.0) for at in whole]


def latency(record: RecordReader, since: float, until: float) -> list[Line]:
    """p95 from the intended start by workload, milliseconds, over bins that keep the number of points bounded."""
    width = max(LATENCY_GRAIN, round((until - since) / LATENCY_POINTS))
    lines: dict[str, Line] = {}
    for workload, territory, at, joined in record.each(_LATENCIES, (width, width, since, until + 1)):
        line = lines.setdefault(workload, Line(workload, [], [], group=territory))
        if line.at and at - line.at[-1] > 3 * width:
            line.at.append(line.at[-1] + width)
            line.values.append(math.nan)  # no request, no latency: the line is broken
        line.at.append(float(at))
        line.values.append(percentile_of(rows_of(joined), 95) / 1000)
    return list(lines.values())


def limits(record: RecordReader, marks: dict[str, float]) -> list[Limit]:
    """The limits that latency expectations set, over the stretch for which they were really set."""
    plan = Plan.model_validate(record.meta("plan"))
    found: list[Limit] = []
    for one in plan.expectations:
        expectation = read(one.spec)
        if isinstance(expectation, Latency) and one.since in marks and one.until in marks:
            what = expectation.component or ", ".join(expectation.workloads)
            for percentile, limit in expectation.limits.items():
                name = f"{what}: p{percentile:g} within {limit * 1000:g} ms"
                found.append(Limit(name, limit * 1000, marks[one.since], marks[one.until]))
    return found


_LATENCIES = f"""
    SELECT workload, max(territory), second / ? * ? AS bin, {JOINED} FROM requests WHERE second >= ? AND second < ?
    GROUP BY workload, bin ORDER BY workload, bin
"""


def _bounded(at: list[float], values: list[float]) -> tuple[list[float], list[float]]:
    """At most POINTS points, each the highest of its stretch: a peak must not vanish from the picture."""
    stretch = -(-len(at) // POINTS)
    if stretch <= 1:
        return at, values
    firsts = range(0, len(at), stretch)
    return [at[first] for first in firsts], [max(values[first : first + stretch]) for first in firsts]


def _labels(labels: dict[str, object]) -> str:
    hidden = ("alertname", "team", "severity")
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name not in hidden)
