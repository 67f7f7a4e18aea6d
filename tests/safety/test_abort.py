from __future__ import annotations

from pathlib import Path

import pytest

from harness.plan.model import Abort, Plan, System
from harness.record.rows import Gap, Heartbeat, Meta, Requests, Row
from harness.record.writer import RecordWriter
from harness.safety.abort import AbortWatch, control_plane_gone, too_many_failed

T0 = 1_000_000.0
ABORT = Abort(error_rate=0.5, window=20, minimum_requests=100, control_plane_gone=15)


def requests(second: float, outcome: str, count: int) -> Requests:
    return Requests(int(T0 + second), "DE", "crm-queries-de", "list", outcome, count, b"")


@pytest.mark.parametrize(
    ("description", "rows", "stops"),
    [
        ("nothing was asked", [], False),
        ("all well", [requests(50, "ok", 500), requests(50, "not_modified", 500)], False),
        ("exactly the limit is allowed", [requests(50, "ok", 100), requests(50, "server_error", 100)], False),
        ("one more is not", [requests(50, "ok", 100), requests(50, "server_error", 101)], True),
        (
            "all kinds of failures add up",
            [requests(50, kind, 50) for kind in ("server_error", "timeout", "connection")],
            True,
        ),
        ("client errors are answers", [requests(50, "client_error", 500)], False),
        ("too few requests to say", [requests(50, "timeout", 99)], False),
        ("enough requests to say", [requests(50, "timeout", 100)], True),
        ("long ago", [requests(10, "timeout", 500), requests(50, "ok", 100)], False),
        ("in the future", [requests(80, "timeout", 500)], False),
        ("just within the window", [requests(40, "timeout", 500)], True),
    ],
)
def test_the_share_of_failed_requests_stops_the_run(description: str, rows: list[Requests], stops: bool) -> None:
    assert (too_many_failed(rows, ABORT, T0 + 60) is not None) == stops, description


def test_the_reason_says_what_was_measured() -> None:
    reason = too_many_failed([requests(59, "timeout", 150), requests(59, "ok", 50)], ABORT, T0 + 60)
    assert reason == "150 of 200 requests (75%) failed in the last 20 s, more than 50%"


@pytest.mark.parametrize(
    ("last_seen", "gaps", "stops"),
    [
        (59, [], False),
        (45, [], False),
        (44, [], True),
        (60, [(40, 59)], True),  # its observer lives, and says that the control plane does not
        (60, [(40, 50)], False),  # that gap is over
        (60, [(50, 60)], False),  # and that one is short
    ],
)
def test_a_control_plane_that_is_gone_stops_the_run(last_seen: float, gaps: list[tuple[float, float]], stops: bool) -> None:
    rows = [Gap("control-plane", T0 + since, T0 + until, "refused") for since, until in gaps]
    assert (control_plane_gone(T0 + last_seen, rows, ABORT, T0 + 60) is not None) == stops


def test_gaps_of_other_observers_do_not_count() -> None:
    assert control_plane_gone(T0 + 60, [Gap("prometheus", T0, T0 + 60, "x")], ABORT, T0 + 60) is None


def plan() -> Plan:
    return Plan.model_validate(
        {
            "schema": "generalprobe.dev/plan/v1",
            "rehearsal": "r",
            "path": "r.yaml",
            "season": "s",
            "runbook": "r.md",
            "lapse": 1.0,
            "system": System(namespace="crm"),
            "profile": "p",
            "seed": 1,
            "phases": [],
            "window": None,
            "faults": [],
            "expectations": [],
            "moments": {"end": 1.0},
            "constants": [],
            "abort": ABORT,
        }
    )


def test_the_watch_reads_a_record_that_is_being_written(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as record:
        record.add(Meta("plan", {}))
        watch = AbortWatch(plan(), tmp_path)
        assert watch.check(T0 + 600) is None  # t0 has not come
        record.add(Meta("t0", {"at": T0}))
        assert watch.check(T0 - 1) is None
        assert watch.check(T0 + 10) is None
        reason = watch.check(T0 + 16)  # not one sign of the control plane since the start
        assert reason is not None
        assert "control plane" in reason
        rows: list[Row] = [Heartbeat(T0 + 60, "control-plane"), Heartbeat(T0 + 61, "watch"), requests(59, "ok", 200)]
        record.add_all(rows)
        assert watch.check(T0 + 62) is None
        record.add(requests(60, "connection", 300))
        reason = watch.check(T0 + 62)
        assert reason is not None
        assert "300 of 500" in reason
        assert watch.check(T0 + 62) == reason  # rows and time alone decide
        watch.close()
