"""`prewarm`: the first requests of every new pod."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.expectations.base import Result
from tests.records import ARecord, a_record, the


def a_new_pod(**first: Any) -> ARecord:
    record = a_record().promising("prewarm", workload="crm-queries-de", first=20, p95="50ms", after="window-opens")
    record.with_pod("new", ready=25).with_arrivals(20, 80).with_requests(20, 80)
    return record.with_first_requests("new", **first) if first else record


@pytest.mark.parametrize(
    ("first", "result", "reason"),
    [
        ({"ms": 5}, Result.PASS, ""),
        ({"ms": 51}, Result.FAIL, "new: p95 51 ms of 20 first requests"),
        ({"status": 503}, Result.FAIL, "new: p95 not answered of 20 first requests"),
        ({"warm": False}, Result.FAIL, "new: 20 requests reached it before it said it was warm"),
        ({"since": 20}, Result.FAIL, "new: 20 requests reached it before it was ready"),
        ({"warm": None}, Result.PASS, ""),
        ({"count": 4}, Result.PASS, "new got only 4 requests"),
    ],
)
def test_a_new_pod_is_judged_by_its_first_requests(
    tmp_path: Path, first: dict[str, Any], result: Result, reason: str
) -> None:
    found = the(a_new_pod(**first).judged(tmp_path), "the-prewarm")
    assert (found.result, found.reason) == (result, reason)


def test_a_pod_that_serves_before_it_is_warm_fails_prewarm(tmp_path: Path) -> None:
    assert a_new_pod(warm=False, count=1).judged(tmp_path).exit_code == 1


def test_every_pod_counts_not_only_most(tmp_path: Path) -> None:
    record = a_new_pod(ms=5).with_pod("slow", ready=26).with_first_requests("slow", ms=80)
    found = the(record.judged(tmp_path), "the-prewarm")
    assert found.result is Result.FAIL
    assert "slow: p95 80 ms" in found.reason


def test_a_pod_without_requests_under_load_is_no_data(tmp_path: Path) -> None:
    record = a_new_pod(ms=5).with_pod("idle", ready=26)
    found = the(record.judged(tmp_path), "the-prewarm")
    assert (found.result, found.reason) == (Result.NO_DATA, "idle: no request reached it")


def test_a_pod_that_lived_a_moment_is_left_out_and_said_so(tmp_path: Path) -> None:
    record = a_new_pod(ms=5).with_pod("brief", ready=26, leaves=27)
    found = the(record.judged(tmp_path), "the-prewarm")
    assert found.result is Result.PASS
    assert found.observed.endswith("1 more lived too short or without load")


@pytest.mark.parametrize("ready", [5, None])
def test_no_new_pod_is_no_data(tmp_path: Path, ready: float | None) -> None:
    record = a_record().promising("prewarm", workload="crm-queries-de", p95="50ms", after="window-opens")
    found = the(record.with_pod("old", ready=ready).judged(tmp_path), "the-prewarm")
    assert (found.result, found.observed) == (Result.NO_DATA, "no new pod")


@pytest.mark.parametrize(("ms", "result"), [(14, Result.PASS), (16, Result.FAIL)])
def test_a_limit_can_follow_the_warm_pods(tmp_path: Path, ms: float, result: Result) -> None:
    record = a_record().promising("prewarm", workload="crm-queries-de", times_warm=3)
    record.with_pod("new", ready=25).with_arrivals(20, 80).with_requests(20, 80, ms=5)
    assert the(record.with_first_requests("new", ms=ms).judged(tmp_path), "the-prewarm").result is result


def test_a_limit_that_follows_warm_pods_needs_requests(tmp_path: Path) -> None:
    record = a_record().promising("prewarm", workload="crm-queries-de", times_warm=3).with_pod("new", ready=25)
    assert the(record.with_first_requests("new").judged(tmp_path), "the-prewarm").result is Result.NO_DATA


def test_a_generator_that_was_away_makes_it_invalid(tmp_path: Path) -> None:
    record = a_new_pod(ms=5).without("load", 30, 60)
    assert the(record.judged(tmp_path), "the-prewarm").result is Result.INVALID
