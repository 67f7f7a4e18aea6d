"""Every check fails when it must: on a deployment in which all is wrong, and with a harness that cannot do its part."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import Exit
from harness.stack import cluster
from tests.embedded.conftest import NAME, Ran, Rehearsing, eventually, record_of

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


def test_a_starved_generator_makes_latency_invalid_and_the_run_inconclusive(rehearsing: Rehearsing) -> None:
    def starve(run: Path) -> None:
        _at_peak(run, 5)
        workers = _children_of(run, "harness.load.worker")
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        _at_peak(run, 13)
        for pid in workers:
            os.kill(pid, signal.SIGCONT)

    ran = rehearsing.run(SABOTAGE / "short.yaml", starve)
    assert set(ran.results("latency-starved")) == {"invalid"}, ran.observed("latency-starved")
    assert ran.code == Exit.INCONCLUSIVE, ran.said


def test_without_prometheus_there_is_no_data_and_no_pass(rehearsing: Rehearsing) -> None:
    def freeze(run: Path) -> None:
        _at_peak(run, 5)
        prometheus = cluster.read(NAME).part("prometheus").process
        assert prometheus is not None
        os.kill(prometheus.pid, signal.SIGSTOP)
        _at_peak(run, 25)
        os.kill(prometheus.pid, signal.SIGCONT)

    ran = rehearsing.run(SABOTAGE / "without-prometheus.yaml", freeze)
    assert ran.results("nothing-fires") == ["no_data"], ran.observed("nothing-fires")
    assert ran.code == Exit.FAILED, ran.said


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
