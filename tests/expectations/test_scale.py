"""`scale`: reached in time, late, never, held, and not knowable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.expectations.base import Lapse, Result
from tests.records import T0, a_record, the

UP = {"workload": "crm-queries-de", "at_least": 6, "after": "window-opens", "within": "30s"}
DOWN = {"workload": "crm-queries-de", "at_most": 2, "after": "window-opens", "within": "30s"}
BEFORE = (-5, 2, 2, 2)


@pytest.mark.parametrize(
    ("spec", "points", "result", "observed", "reason"),
    [
        (UP, [(12, 6, 6, 4), (35, 6, 6, 6)], Result.PASS, "6 ready after 25 s", ""),
        (UP, [(12, 6, 6, 4), (44, 6, 6, 6)], Result.FAIL, "4 ready after 30 s", "4 s late: after 34 s"),
        (
            UP,
            [(12, 6, 6, 5), (20, 3, 3, 3)],
            Result.FAIL,
            "3 ready after 30 s",
            "the most ready within the deadline were 5",
        ),
        (UP, [(0, 6, 6, 6)], Result.PASS, "6 ready already at window-opens", ""),
        (UP, [(0, 6, 6, 6), (5, 2, 2, 2)], Result.FAIL, "2 ready after 30 s", "the most ready within the deadline were 2"),
        (UP, [(40, 6, 6, 6)], Result.PASS, "6 ready after 30 s", ""),
        (DOWN, [(0, 6, 6, 6), (20, 2, 6, 6), (25, 2, 2, 2)], Result.PASS, "2 wanted, 2 present after 15 s", ""),
        (DOWN, [(0, 6, 6, 6), (20, 2, 6, 6)], Result.FAIL, "2 wanted, 6 present after 30 s", "it never came to that"),
        (DOWN, [(0, 6, 6, 6), (20, 6, 2, 2)], Result.FAIL, "6 wanted, 2 present after 30 s", "it never came to that"),
    ],
)
def test_replicas_are_held_against_the_deadline(
    tmp_path: Path, spec: dict[str, Any], points: list[Any], result: Result, observed: str, reason: str
) -> None:
    found = the(a_record().promising("scale", **spec).with_replicas(BEFORE, *points).judged(tmp_path), "the-scale")
    assert (found.result, found.observed, found.reason) == (result, observed, reason)
    assert found.deadline == T0 + 40


def test_ninety_nine_pods_never_come(tmp_path: Path) -> None:
    record = a_record().promising("scale", **{**UP, "at_least": 99}).with_replicas(BEFORE, (12, 6, 6, 6))
    verdict = record.judged(tmp_path)
    assert verdict.exit_code == 1
    assert the(verdict, "the-scale").wanted == "99 ready within 30 s of window-opens"
    assert the(verdict, "the-scale").observed == "6 ready after 30 s"


def test_lapse_shortens_the_deadline_but_not_the_start_of_a_pod(tmp_path: Path) -> None:
    lapse = Lapse(10, pod_start=timedelta(seconds=5))
    late = a_record().under(lapse).promising("scale", **UP).with_replicas(BEFORE, (18.5, 6, 6, 6))
    in_time = a_record().under(lapse).promising("scale", **UP).with_replicas(BEFORE, (17.5, 6, 6, 6))
    assert the(late.judged(tmp_path / "late"), "the-scale").result is Result.FAIL
    assert the(in_time.judged(tmp_path / "in-time"), "the-scale").result is Result.PASS


@pytest.mark.parametrize(
    ("points", "fault", "result"),
    [
        ([(12, 6, 6, 6)], None, Result.PASS),
        ([(12, 6, 6, 6), (85, 6, 6, 5)], None, Result.FAIL),
        ([(12, 6, 6, 6), (95, 2, 2, 2)], None, Result.PASS),  # after the hold
        ([(12, 6, 6, 6), (42, 6, 6, 4), (50, 6, 6, 6)], (40, 45), Result.PASS),  # the fault took them
        ([(12, 6, 6, 6), (30, 6, 6, 5), (35, 6, 6, 6)], (40, 45), Result.FAIL),  # before the fault did
        ([(12, 6, 6, 6), (42, 6, 6, 4)], (40, 45), Result.FAIL),  # and never came back
    ],
)
def test_a_hold_is_broken_only_by_faults(tmp_path: Path, points: list[Any], fault: Any, result: Result) -> None:
    record = a_record().promising("scale", **UP, hold_until="window-closes").with_replicas(BEFORE, *points)
    if fault:
        record.with_fault(at=fault[0], ends=fault[1])
    assert the(record.judged(tmp_path), "the-scale").result is result


def test_a_workload_that_was_never_seen_is_no_data(tmp_path: Path) -> None:
    verdict = a_record().promising("scale", **UP).judged(tmp_path)
    assert the(verdict, "the-scale").result is Result.NO_DATA
    assert verdict.exit_code == 1


@pytest.mark.parametrize("said", [True, False])
def test_a_watch_that_was_away_before_a_miss_is_no_data(tmp_path: Path, said: bool) -> None:
    record = a_record().promising("scale", **UP).with_replicas(BEFORE).without("watch", 15, 35, said=said)
    found = the(record.judged(tmp_path), "the-scale")
    assert found.result is Result.NO_DATA
    assert found.reason.startswith("watch saw nothing for 20 s" if said else "watch saw nothing for 21 s")


def test_a_watch_that_was_away_later_does_not_spoil_what_was_seen(tmp_path: Path) -> None:
    record = a_record().promising("scale", **UP).with_replicas(BEFORE, (20, 6, 6, 6)).without("watch", 50, 70, said=True)
    assert the(record.judged(tmp_path), "the-scale").result is Result.PASS
