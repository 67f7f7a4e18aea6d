"""How long judge and report take and how much memory: a synthetic run of one hour with 100 pods. Prints JSON.

    python -m benchmarks.judge [--seconds 3600] [--pods 100] [--keep FOLDER]

The record is written once with the real writer; each judging with its report runs in a process of its own, so that its
peak memory is that of a run's end and not of this generator.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.expectations.base import Lapse
from harness.plan.model import Phase, Plan, PlannedFault
from harness.record.histograms import encoded
from harness.record.rows import (
    Alert,
    Arrivals,
    Fault,
    FirstRequest,
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
from harness.record.writer import RecordWriter
from tests.plans import a_plan, planned
from tests.records import SOURCES, T0

TERRITORIES = {"DE": 0.5, "CH": 0.2, "AT": 0.3}
OPERATIONS = {"queries": ("ids", "by id", "by city", "orders", "order"), "commands": ("order", "sample", "change")}
EVENTS_PER_SECOND = 3

MEASURE = """
import json, resource, sys, time
from pathlib import Path
begun = time.perf_counter()
from harness.judge.judge import judge
from harness.report.page import write_report
def peak():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
imported, cpu = time.perf_counter(), time.process_time()
verdict = judge(Path(sys.argv[1]))
judged, judged_cpu, judge_peak = time.perf_counter(), time.process_time(), peak()
report = write_report(Path(sys.argv[1]), verdict)
written, written_cpu = time.perf_counter(), time.process_time()
print(json.dumps({
    "import_seconds": round(imported - begun, 3),
    "judge_seconds": round(judged - imported, 3),
    "report_seconds": round(written - judged, 3),
    "judge_and_report_seconds": round(written - imported, 3),
    "judge_cpu_seconds": round(judged_cpu - cpu, 3),
    "report_cpu_seconds": round(written_cpu - judged_cpu, 3),
    "judge_peak_rss_mb": judge_peak,
    "peak_rss_mb": peak(),
    "report_mb": round(report.stat().st_size / 1e6, 2),
    "result": verdict.result.value,
    "results": {result.value: count for result, count in verdict.counts().items()},
    "not_passed": [f"{f.id} {f.subject}: {f.reason}" for f in verdict.findings if f.result.value != "pass"],
}))
"""
ROOT = Path(__file__).resolve().parents[1]
GOALS = {"judge_and_report_seconds": 3.0, "peak_rss_mb": 300.0}


def specs() -> list[dict[str, Any]]:
    """What the run promises: every kind, as a runbook of a season would."""
    scale = [
        {"id": f"scaled-{name}", "kind": "scale", "workload": name, "at_least": 2, "after": "window-opens", "within": "2m"}
        for name in workloads()
    ]
    latency = [
        {
            "id": f"latency-{part}-{phase}",
            "kind": "latency",
            "component": part,
            "during": phase,
            "p95": "900ms",
            "p99": "2s",
        }
        for part in OPERATIONS
        for phase in ("first", "second")
    ]
    errors = [{"id": f"errors-{part}", "kind": "errors", "component": part, "at_most": "2 %"} for part in OPERATIONS]
    return [
        *scale,
        *latency,
        *errors,
        {"id": "prewarm", "kind": "prewarm", "workloads": workloads(), "p95": "300ms"},
        {"id": "prewarm-queries", "kind": "prewarm", "workload": "crm-queries-de", "times_warm": 5},
        {"id": "events", "kind": "events", "lost": 0, "within": "30s"},
        {"id": "recover", "kind": "recover", "after": "fault:kill-pods", "within": "5m"},
        {"id": "quiet", "kind": "quiet", "except": ["CrmNotifyQueueFilling"]},
        {"id": "lag", "kind": "query", "promql": "x", "compare": "<", "value": 5, "during": ["start", "end"]},
        {
            "id": "alert", "kind": "alert", "alert": "CrmNotifyQueueFilling", "after": "fault:kill-pods",
            "fires_within": "1m", "receiver": "crm-oncall",
        },
    ]  # fmt: skip


def workloads() -> list[str]:
    return [f"crm-{part}-{territory.lower()}" for part in OPERATIONS for territory in TERRITORIES]


def plan(seconds: int) -> Plan:
    half, fault = seconds / 2, seconds / 3
    moments: dict[str, float] = {
        "start": 0.0, "window-opens": 30.0, "window-closes": seconds - 30.0, "end": float(seconds), "phase:first": 0.0,
        "phase-end:first": half, "phase:second": half, "phase-end:second": float(seconds), "fault:kill-pods": fault,
        "fault-end:kill-pods": fault + 30,
    }  # fmt: skip
    return a_plan(
        rehearsal="benchmark",
        phases=[Phase(name="all", start=0, end=seconds, rates={})],
        faults=[PlannedFault(id="kill-pods", experiment="-", start=fault, timeout=30)],
        expectations=[planned(spec, Lapse(1)) for spec in specs()],
        moments=moments,
    )


def shares(pods: int) -> dict[str, int]:
    """How many of the pods each workload has: two thirds query, by territory."""
    return {
        name: max(2, round(pods * TERRITORIES[name[-2:].upper()] * (2 / 3 if "queries" in name else 1 / 3)))
        for name in workloads()
    }


def rows(seconds: int, pods: int, random_: random.Random) -> Iterator[Row]:
    """Everything a run records, in no particular order of time."""
    yield Meta("plan", plan(seconds).model_dump(mode="json", by_alias=True))
    yield Meta("t0", {"at": T0})
    yield Meta("runbook", {"text": (ROOT / "runbooks" / "seasonal.md").read_text(encoding="utf-8")})
    yield from (Mark(T0 + at, name, {}) for name, at in plan(seconds).moments.items())
    counts = shares(pods)
    for name, count in counts.items():
        for ready in range(count + 1):
            yield _deployment(T0 + 5 + ready, name, count, ready)
        # The status of a Deployment is written again and again; most of it says nothing new.
        yield from (_deployment(T0 + second, name, count, count) for second in range(count + 10, seconds, 15))
        for index in range(count):
            yield from _pod(f"{name}-{index:03}", name, T0 + 5 + index % 60, seconds, random_)
    for second in range(seconds):
        yield from _second(int(T0) + second, random_)
        yield from (Heartbeat(T0 + second, source) for source in SOURCES)
        yield Sample(T0 + second, "lag", {}, 0.2)
    yield from _events(seconds, counts, random_)
    at = T0 + seconds / 3
    steps = (("started", 0), ("effect", 1), ("undone", 20), ("ended", 20))
    yield from (Fault(at + after, "kill-pods", step, {}) for step, after in steps)
    run = {"activity": {"name": "kill"}, "status": "succeeded"}
    yield Journal(at + 20, "kill-pods", {"status": "completed", "run": [run], "steady_states": {}, "rollbacks": []})
    yield Alert(at + 20, "CrmNotifyQueueFilling", {}, "firing", 1)
    yield Notification(at + 22, "crm-oncall", "firing", "CrmNotifyQueueFilling", {}, at + 20, None)
    yield Meta("outcome", {"result": "completed", "reason": "", "at": T0 + seconds + 1})


def _second(second: int, random_: random.Random) -> Iterator[Row]:
    for part, operations in OPERATIONS.items():
        for territory in TERRITORIES:
            workload = f"crm-{part}-{territory.lower()}"
            for operation in operations:
                for outcome in ("ok", "not_modified") if part == "queries" else ("ok",):
                    number = random_.randint(2, 12)
                    latencies = [max(200, int(random_.lognormvariate(8.5, 0.8))) for _ in range(number)]
                    yield Requests(second, territory, workload, operation, outcome, number, encoded(latencies))
            yield Arrivals(second, territory, workload, 60, 60, 0, 900)


def _deployment(at: float, name: str, wanted: int, ready: int) -> Watch:
    template = {"spec": {"containers": [{"name": "crm", "env": [{"name": f"E{i}", "value": "x" * 40} for i in range(30)]}]}}
    status = {"replicas": wanted, "readyReplicas": ready, "conditions": [{"type": "Available", "message": "y" * 200}]}
    return Watch(
        at,
        "Deployment",
        "crm",
        name,
        name,
        "MODIFIED",
        {"spec": {"replicas": wanted, "template": template}, "status": status},
    )


def _pod(name: str, workload: str, created: float, seconds: int, random_: random.Random) -> Iterator[Row]:
    labels = {"app.kubernetes.io/name": workload, "territory": workload[-2:].upper()}
    stamp = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {"name": name, "labels": labels, "creationTimestamp": stamp}
    body = {"metadata": metadata, "spec": {"env": [{"name": f"E{i}", "value": "x" * 40} for i in range(30)]}}
    ready = {**metadata, "annotations": {"generalprobe.dev/ready-at": datetime.fromtimestamp(created + 3, UTC).isoformat()}}
    for after in (0, 1, 2):
        yield Watch(created + after, "Pod", "crm", name, name, "MODIFIED", {**body, "status": {}})
    status = {"conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{"restartCount": 0}]}
    for later in (3, 10, seconds / 2):
        yield Watch(created + later, "Pod", "crm", name, name, "MODIFIED", {**body, "metadata": ready, "status": status})
    for ordinal in range(1, 51):
        yield FirstRequest(created + 4 + ordinal / 5, name, workload, ordinal, random_.randint(500, 9000), 200, True)


def _events(seconds: int, counts: dict[str, int], random_: random.Random) -> Iterator[Row]:
    for number in range(seconds * EVENTS_PER_SECOND):
        at = T0 + number / EVENTS_PER_SECOND
        territory = random_.choices(list(TERRITORIES), list(TERRITORIES.values()))[0]
        event = f"{number:08x}-0000-4000-8000-000000000000"
        yield LedgerEntry(at, event, number, territory, "committed", "")
        yield LedgerEntry(at + 0.01, event, number, territory, "notified", "")
        workload = f"crm-queries-{territory.lower()}"
        for index in range(counts[workload]):
            yield LedgerEntry(at + 0.02, event, number, territory, "received", f"{workload}-{index:03}")


def main() -> int:
    """Generate, judge, print. Exit code 1 where a goal is missed or the verdict is not a pass."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--pods", type=int, default=100)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="write the record here and leave it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run = options.keep or Path(scratch) / "run"
        begun = time.perf_counter()
        count = write_record(run, options.seconds, options.pods)
        generated = time.perf_counter() - begun
        size = sum(path.stat().st_size for path in run.glob("record.sqlite*")) / 1e6
        command = [sys.executable, "-c", MEASURE, str(run)]
        runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(options.times)]
    middle = {name: statistics.median(one[name] for one in runs) for name in GOALS}
    reached = all(one["result"] == "pass" for one in runs) and all(middle[name] < goal for name, goal in GOALS.items())
    facts = {
        "benchmark": "judge", "seconds": options.seconds, "pods": options.pods, "rows": count, "record_mb": round(size, 1),
        "generated_seconds": round(generated, 1), "goals": GOALS, "reached": reached, "python": platform.python_version(),
        "median": middle, "runs": runs,
        "about": f"A record of {options.seconds} s with {options.pods} pods: {count:,} rows, {size:.0f} MB. The times are "
        "of one process, without the imports, which are given on their own.",
        "table": [
            _row("judge and report", runs, "judge_and_report_seconds", "s"),
            _row("of it the judge", runs, "judge_seconds", "s"),
            _row("of it the report", runs, "report_seconds", "s"),
            _row("CPU time of the judge", runs, "judge_cpu_seconds", "s"),
            _row("CPU time of the report", runs, "report_cpu_seconds", "s"),
            _row("imports before them", runs, "import_seconds", "s"),
            _row("largest RSS, both", runs, "peak_rss_mb", "MB"),
            _row("largest RSS, judge alone", runs, "judge_peak_rss_mb", "MB"),
            _row("size of report.html", runs, "report_mb", "MB"),
        ],
    }  # fmt: skip
    print(json.dumps(facts, indent=2))
    return 0 if reached else 1


def write_record(run: Path, seconds: int, pods: int) -> int:
    """A synthetic record in the folder `run`, the same one every time. Gives the number of its rows."""
    count = 0
    with RecordWriter(run) as writer:
        for chunk in _chunks(rows(seconds, pods, random.Random(1)), 20_000):
            writer.add_all(chunk)
            count += len(chunk)
    return count


def _row(figure: str, runs: list[dict[str, Any]], name: str, unit: str) -> dict[str, Any]:
    values = [one[name] for one in runs]
    goal = GOALS.get(name)
    return {
        "figure": figure,
        "target": f"< {goal:g} {unit}" if goal else "",
        "measured": f"{statistics.median(values):.3g} {unit}",
        "spread": f"{min(values):.3g} to {max(values):.3g} {unit}",
        "met": statistics.median(values) < goal if goal else None,
    }


def _chunks(rows_: Iterator[Row], size: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows_:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    yield chunk


if __name__ == "__main__":
    sys.exit(main())
