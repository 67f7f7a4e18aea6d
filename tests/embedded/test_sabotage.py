"""Every check fails when it must: on a deployment in which all is wrong, and with a harness that cannot do its part."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.errors import Exit
from harness.record.rows import Heartbeat
from harness.record.writer import RecordWriter
from harness.stack import cluster
from tests.embedded.conftest import Doctor, Ran, Rehearsing, eventually, record_of

pytestmark = [pytest.mark.cluster, pytest.mark.alone]
SABOTAGE = Path(__file__).parent / "sabotage"


@pytest.fixture(scope="module")
def deployment(rehearsing: Rehearsing) -> Ran:
    """The rehearsal of a deployment that keeps nothing of what its runbook promises."""
    return rehearsing.run(SABOTAGE / "deployment.yaml")


@pytest.mark.parametrize(
    ("expectation", "result", "says"),
    [
        ("window-deleted", "fail", "3 ready"),
        ("prewarm-off", "fail", "before"),
        ("latency-injected", "fail", "p95"),
        ("latency-alert", "pass", "fired"),
        ("rule-removed", "fail", "fire"),
        ("route-broken", "fail", "not received"),
        ("fallback-off", "fail", "lost"),
        ("fault-without-effect", "invalid", "effect"),
        ("kill-nothing", "invalid", ""),
    ],
)
def test_what_is_broken_is_found(deployment: Ran, expectation: str, result: str, says: str) -> None:
    assert set(deployment.results(expectation)) == {result}, deployment.observed(expectation)
    assert says in deployment.observed(expectation)


def test_a_deployment_that_keeps_nothing_ends_with_one(deployment: Ran) -> None:
    assert deployment.code == Exit.FAILED


@pytest.fixture(scope="module")
def hindered(rehearsing: Rehearsing) -> Ran:
    """A rehearsal of a healthy system whose load generator is stopped for a while, and Prometheus for most of it."""

    def hinder(run: Path) -> None:
        _at_peak(run, 5)
        workers = _children_of(run, "harness.load.worker")
        prometheus = cluster.read(rehearsing.name).part("prometheus").process
        assert prometheus is not None
        for pid in (*workers, prometheus.pid):
            os.kill(pid, signal.SIGSTOP)
        _at_peak(run, 13)
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        _at_peak(run, 25)
        os.kill(prometheus.pid, signal.SIGCONT)

    return rehearsing.run(SABOTAGE / "short.yaml", hinder)


def test_a_starved_generator_makes_latency_invalid(hindered: Ran) -> None:
    assert set(hindered.results("latency-starved")) == {"invalid"}, hindered.observed("latency-starved")


def test_without_prometheus_there_is_no_data_and_no_pass(hindered: Ran) -> None:
    assert hindered.results("nothing-fires") == ["no_data"], hindered.observed("nothing-fires")
    assert hindered.code == Exit.FAILED, hindered.said


def test_a_starved_generator_alone_makes_the_run_inconclusive(
    hindered: Ran, rehearsing: Rehearsing, doctored: Doctor
) -> None:
    def promise_only_latency(plan: dict[str, Any]) -> None:
        plan["expectations"] = [one for one in plan["expectations"] if one["id"] == "latency-starved"]

    copy = doctored(hindered.folder, promise_only_latency)
    _never_away(copy, "prometheus")
    judged = rehearsing.rehearse("judge", str(copy))
    assert judged.returncode == Exit.INCONCLUSIVE, judged.stdout


def _never_away(run: Path, source: str) -> None:
    """Change a copy of a record as if the source had been there all the time."""
    with closing(sqlite3.connect(run / "record.sqlite", isolation_level=None)) as database:
        database.execute("DELETE FROM gaps WHERE source = ?", (source,))
        since, until = database.execute("SELECT min(at), max(at) FROM heartbeats").fetchone()
    with RecordWriter(run) as record:
        record.add_all(Heartbeat(at, source) for at in range(int(since), int(until) + 2))


def _at_peak(run: Path, seconds: float) -> None:
    """Wait until `seconds` after the run's t0."""
    import time

    t0 = eventually(_meta(run, "t0"), 240, "t0")["at"]
    time.sleep(max(0.0, t0 + seconds - time.time()))


def _meta(run: Path, key: str) -> Callable[[], dict[str, float] | None]:
    def look() -> dict[str, float] | None:
        record = record_of(run)
        if record is None:
            return None
        with record:
            return record.meta(key)

    return look


def _children_of(run: Path, module: str) -> list[int]:
    """Processes of this run that run `module`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if module in words and str(run) in words:
                found.append(int(entry.name))
    assert found, f"{module} does not run for {run}"
    return found
