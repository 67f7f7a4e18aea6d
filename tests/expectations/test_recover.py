"""`recover`: the steady state after a fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.expectations.base import Result
from tests.records import QUERIES, ARecord, a_record, the

Change = Callable[[ARecord], Any]


def after_a_kill(change: Change, effect: bool = True) -> ARecord:
    """Three pods are ready, requests come all the time, the fault strikes at 40 and takes hold at 41."""
    record = a_record().promising("recover", after="fault:kill-pods", within="20s", workloads=QUERIES)
    record.with_fault(at=40, ends=45, effect=effect).with_replicas((0, 3, 3, 3)).with_arrivals(0, 100)
    change(record)
    return record


def served(record: ARecord, failing: range = range(0)) -> ARecord:
    record.with_requests(0, 100)
    return record.with_requests(failing.start, failing.stop, per_second=2, outcome="connection") if failing else record


@pytest.mark.parametrize(
    ("change", "result", "observed"),
    [
        (
            lambda r: served(r).with_replicas((42, 3, 2, 2), (52, 3, 3, 3)),
            Result.PASS,
            "back to 3 ready after 12 s, lowest 2",
        ),
        (served, Result.PASS, "back to 3 ready after 1 s, never fewer"),
        (
            lambda r: served(r).with_replicas((42, 3, 2, 2), (62, 3, 3, 3)),
            Result.FAIL,
            "2 of 3 ready after 20 s, 0 % failed",
        ),
        (lambda r: served(r).with_replicas((42, 3, 2, 2)), Result.FAIL, "2 of 3 ready after 20 s, 0 % failed"),
        (lambda r: served(r, range(41, 50)), Result.PASS, "back to 3 ready after 10 s, never fewer"),
        (lambda r: served(r, range(41, 90)), Result.FAIL, "3 of 3 ready after 20 s, 16.7 % failed"),
        (lambda r: r, Result.NO_DATA, "no requests"),
    ],
)
def test_pods_and_errors_are_back_within_the_deadline(
    tmp_path: Path, change: Change, result: Result, observed: str
) -> None:
    found = the(after_a_kill(change).judged(tmp_path), "the-recover")
    assert (found.result, found.observed) == (result, observed)


def test_a_workload_without_load_recovers_by_its_pods_alone(tmp_path: Path) -> None:
    record = a_record().promising("recover", after="fault:kill-pods", within="20s").with_fault()
    record.with_replicas((0, 1, 1, 1), (42, 1, 1, 0), (50, 1, 1, 1), workload="crm-outbox")
    assert the(record.judged(tmp_path), "the-recover", "crm-outbox").observed == "back to 1 ready after 10 s, lowest 0"


def test_a_fault_without_effect_shows_no_recovery(tmp_path: Path) -> None:
    verdict = after_a_kill(served, effect=False).judged(tmp_path)
    assert the(verdict, "the-recover").result is Result.INVALID
    assert verdict.exit_code == 3


def test_a_recovery_that_was_seen_stands_whatever_was_hidden_before_it(tmp_path: Path) -> None:
    record = after_a_kill(
        lambda r: served(r).with_replicas((47, 3, 2, 2), (50, 3, 3, 3)).without("watch", 40, 47, said=True)
    )
    found = the(record.judged(tmp_path), "the-recover")
    assert (found.result, found.observed) == (Result.PASS, "back to 3 ready after 10 s, lowest 2")


def test_pods_that_nobody_watched_while_they_were_killed_are_not_back_at_once(tmp_path: Path) -> None:
    record = after_a_kill(lambda r: served(r).with_replicas((66, 3, 1, 1)).without("watch", 39, 66, said=True))
    assert the(record.judged(tmp_path), "the-recover").result is Result.NO_DATA


def test_a_run_that_ends_within_the_calm_stretch_is_no_data(tmp_path: Path) -> None:
    assert the(after_a_kill(served).killed(43).judged(tmp_path), "the-recover").result is Result.NO_DATA


def test_a_watch_that_was_away_is_no_data(tmp_path: Path) -> None:
    record = after_a_kill(lambda r: served(r).without("watch", 39, 70))
    assert the(record.judged(tmp_path), "the-recover").result is Result.NO_DATA
