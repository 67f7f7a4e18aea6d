"""`latency` and `errors`: what requests came to, by territory, and when the generator was too weak to tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.expectations.base import Result
from tests.records import ARecord, a_record, the

Change = Callable[[ARecord], Any]
LATENCY = {"kind": "latency", "component": "queries", "during": "peak", "p95": "100ms"}
ERRORS = {"kind": "errors", "component": "queries", "during": "peak", "at_most": "2 %"}


def judged(spec: dict[str, Any], change: Change, run: Path) -> tuple[Result, str]:
    record = a_record().promising(**spec).with_load_planned(DE=10)
    change(record)
    found = the(record.judged(run), f"the-{spec['kind']}")
    assert found.subject == "DE"
    return found.result, found.reason


FAST: Change = lambda r: r.with_arrivals(20, 80).with_requests(20, 80)  # noqa: E731


@pytest.mark.parametrize(
    ("change", "result", "reason"),
    [
        (FAST, Result.PASS, ""),
        (lambda r: FAST(r).with_requests(20, 80, per_second=1, ms=500), Result.FAIL, ""),
        (lambda r: FAST(r).with_requests(20, 40, per_second=1, ms=500), Result.PASS, ""),
        (lambda r: FAST(r).with_requests(80, 99, per_second=50, ms=500), Result.PASS, ""),  # after the peak
        (
            lambda r: FAST(r).with_requests(20, 80, per_second=1, ms=1, outcome="server_error"),
            Result.FAIL,
            "60 failed requests count as not answered",
        ),
        (lambda r: r, Result.NO_DATA, "there was no request to judge by"),
        (
            lambda r: FAST(r).with_arrivals(20, 80, per_second=2, not_started=1, workload="crm-queries-de"),
            Result.INVALID,
            "the generator did not start 60 of 720 arrivals",
        ),
        (
            lambda r: r.with_requests(20, 80).with_arrivals(20, 80, lag_ms=60),
            Result.INVALID,
            "the generator started requests 60 ms late (p99), more than 50 ms",
        ),
        (
            lambda r: r.with_requests(20, 80, ms=500).with_arrivals(20, 80, lag_ms=60),
            Result.INVALID,
            "the generator started requests 60 ms late (p99), more than 50 ms",
        ),
        (
            lambda r: r.with_requests(20, 21).with_arrivals(20, 21),
            Result.NO_DATA,
            "10 requests are too few: p95 needs 20",
        ),
        (lambda r: FAST(r).with_arrivals(20, 80, lag_ms=900, workload="crm-commands-de"), Result.PASS, ""),
    ],
)
def test_latency(tmp_path: Path, change: Change, result: Result, reason: str) -> None:
    assert judged(LATENCY, change, tmp_path) == (result, reason)


@pytest.mark.parametrize(
    ("change", "result", "reason"),
    [
        (FAST, Result.PASS, ""),
        (lambda r: FAST(r).with_requests(20, 32, per_second=1, outcome="timeout"), Result.PASS, ""),
        (lambda r: FAST(r).with_requests(20, 80, per_second=1, outcome="timeout"), Result.FAIL, "60 timeout"),
        (lambda r: FAST(r).with_requests(20, 80, per_second=1, outcome="connection"), Result.FAIL, "60 connection"),
        (lambda r: FAST(r).with_requests(20, 80, per_second=1, outcome="server_error"), Result.FAIL, "60 server error"),
        (lambda r: FAST(r).with_requests(20, 80, per_second=1, outcome="client_error"), Result.PASS, ""),
        (lambda r: FAST(r).with_requests(20, 80, per_second=1, outcome="not_modified"), Result.PASS, ""),
        (lambda r: r.with_arrivals(20, 80), Result.NO_DATA, "there was no request to judge by"),
        (
            lambda r: r.with_requests(20, 80).with_arrivals(20, 80, not_started=1),
            Result.INVALID,
            "the generator did not start 60 of 600 arrivals",
        ),
        (
            lambda r: (
                r.with_requests(20, 80)
                .with_requests(20, 31, per_second=1, outcome="timeout")
                .with_arrivals(20, 74)
                .with_arrivals(75, 80, not_started=1)
            ),
            Result.INVALID,
            "5 arrivals that the generator did not start decide it",
        ),
    ],
)
def test_errors(tmp_path: Path, change: Change, result: Result, reason: str) -> None:
    assert judged(ERRORS, change, tmp_path) == (result, reason)


@pytest.mark.parametrize("spec", [LATENCY, ERRORS])
@pytest.mark.parametrize("said", [True, False])
def test_a_generator_that_was_away_makes_it_invalid(tmp_path: Path, spec: dict[str, Any], said: bool) -> None:
    result, reason = judged(spec, lambda r: FAST(r).without("load", 40, 60, said=said), tmp_path)
    assert result is Result.INVALID
    assert reason.startswith("load saw nothing for")


@pytest.mark.parametrize("spec", [LATENCY, ERRORS])
def test_each_territory_has_its_own_finding(tmp_path: Path, spec: dict[str, Any]) -> None:
    record = a_record().promising(**spec).with_load_planned(DE=10, CH=10)
    record = FAST(record).with_arrivals(20, 80, workload="crm-queries-ch")
    bad = {"ms": 500} if spec is LATENCY else {"outcome": "timeout"}
    verdict = record.with_requests(20, 80, workload="crm-queries-ch", **bad).judged(tmp_path)
    assert the(verdict, f"the-{spec['kind']}", "DE").result is Result.PASS
    assert the(verdict, f"the-{spec['kind']}", "CH").result is Result.FAIL


@pytest.mark.parametrize(
    ("allowance", "result"),
    [("0s", Result.FAIL), ("10s", Result.PASS)],
)
def test_excepted_faults_excuse_for_their_time_and_the_allowance(tmp_path: Path, allowance: str, result: Result) -> None:
    spec = {**LATENCY, "except_faults": ["kill-pods"], "allowance": allowance}

    def slow_from_the_fault_to_nine_seconds_after(record: ARecord) -> None:
        FAST(record).with_requests(40, 59, per_second=10, ms=500).with_fault(at=40, ends=50)

    assert judged(spec, slow_from_the_fault_to_nine_seconds_after, tmp_path)[0] is result


def test_a_fault_that_lasts_all_the_stretch_leaves_no_data(tmp_path: Path) -> None:
    spec = {**LATENCY, "except_faults": "kill-pods"}
    result, reason = judged(spec, lambda r: FAST(r).with_fault(at=10, ends=85), tmp_path)
    assert (result, reason) == (Result.NO_DATA, "excepted faults leave nothing of the stretch")


def test_a_p95_at_the_rank_is_exact(tmp_path: Path) -> None:
    """Of 600 requests exactly 30 may be slow: the 570th decides."""
    record = a_record().promising(**LATENCY).with_load_planned(DE=10).with_arrivals(20, 80)
    record.with_requests(20, 77).with_requests(77, 80, ms=500)
    assert the(record.judged(tmp_path / "30"), "the-latency").result is Result.PASS
    record.with_requests(20, 21, per_second=2, ms=500)
    assert the(record.judged(tmp_path / "32"), "the-latency").result is Result.FAIL
