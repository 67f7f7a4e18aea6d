"""`events`: what was committed reached every pod that owed it, in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.expectations.base import Result
from harness.record.reader import RecordReader
from harness.record.writer import RecordWriter
from tests.records import T0, ARecord, a_record, the

Change = Callable[[ARecord], Any]


def with_two_pods(change: Change) -> ARecord:
    record = a_record().promising("events", lost=0, within="10s").with_load_planned(DE=1)
    record.with_pod("a-1", ready=5).with_pod("a-2", ready=5)
    change(record)
    return record


@pytest.mark.parametrize(
    ("change", "result", "observed"),
    [
        (lambda r: r.with_event(1, 30, a_1=31, a_2=32), Result.PASS, "0 lost of 2 deliveries, 1 committed"),
        (lambda r: r.with_event(1, 30, a_1=31, a_2=-39), Result.PASS, "0 lost of 2 deliveries, 1 committed"),
        (lambda r: r.with_event(1, 30, a_1=31), Result.FAIL, "1 lost of 2 deliveries, 1 committed"),
        (lambda r: r.with_event(1, 30, a_1=31, a_2=-41), Result.FAIL, "1 lost of 2 deliveries, 1 committed"),
        (lambda r: r.with_event(1, 30), Result.FAIL, "2 lost of 2 deliveries, 1 committed"),
        (lambda r: r, Result.NO_DATA, "0 committed"),
        (lambda r: r.with_event(1, 30, territory="CH"), Result.NO_DATA, "0 committed"),
        (lambda r: r.with_event(1, 99), Result.NO_DATA, "0 lost of 0 deliveries, 1 committed"),
        # a pod owes what was committed while it was ready, and for so long as it lived on
        (
            lambda r: r.with_pod("late", ready=40).with_event(1, 30, a_1=31, a_2=31),
            Result.PASS,
            "0 lost of 2 deliveries, 1 committed",
        ),
        (
            lambda r: r.with_pod("killed", ready=5, leaves=38).with_event(1, 30, a_1=31, a_2=31),
            Result.PASS,
            "0 lost of 2 deliveries, 1 committed",
        ),
        (
            lambda r: r.with_pod("killed", ready=5, leaves=50).with_event(1, 30, a_1=31, a_2=31),
            Result.FAIL,
            "1 lost of 3 deliveries, 1 committed",
        ),
        (
            lambda r: r.with_pod("restarted", ready=5, restarts=35).with_event(1, 30, a_1=31, a_2=31),
            Result.PASS,
            "0 lost of 2 deliveries, 1 committed",
        ),
        (
            lambda r: r.with_pod("restarted", ready=5, restarts=15).with_event(1, 30, a_1=31, a_2=31),
            Result.FAIL,
            "1 lost of 3 deliveries, 1 committed",
        ),
        (
            lambda r: r.with_pod("writer", ready=5, workload="crm-commands-de").with_event(1, 30, a_1=31, a_2=31),
            Result.PASS,
            "0 lost of 2 deliveries, 1 committed",
        ),
    ],
)
def test_every_ready_pod_owes_every_event(tmp_path: Path, change: Change, result: Result, observed: str) -> None:
    found = the(with_two_pods(change).judged(tmp_path), "the-events")
    assert found.result is result
    assert found.observed.startswith(observed)


@pytest.mark.parametrize(
    ("since", "until", "had", "result"),
    [
        (40, 55, {"a_1": 31, "a_2": 31}, Result.PASS),  # read on afterwards, nothing is missing
        (25, 50, {"a_1": 31}, Result.NO_DATA),  # missing, but perhaps only unread
        (60, 80, {"a_1": 31}, Result.FAIL),  # missing long before nobody looked
        (80, 120, {"a_1": 31, "a_2": 31}, Result.NO_DATA),  # never read on
    ],
)
def test_a_ledger_that_was_not_read_matters_where_something_is_missing(
    tmp_path: Path, since: float, until: float, had: dict[str, float], result: Result
) -> None:
    record = with_two_pods(lambda r: r.with_event(1, 30, **had).without("ledger", since, until, said=True))
    assert the(record.judged(tmp_path), "the-events").result is result


def test_no_events_because_the_generator_was_away_is_invalid(tmp_path: Path) -> None:
    assert the(with_two_pods(lambda r: r.without("load")).judged(tmp_path), "the-events").result is Result.INVALID


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(10, 80), st.lists(st.one_of(st.none(), st.floats(0, 20)), min_size=2, max_size=2)),
        min_size=1,
        max_size=8,
    )
)
def test_the_count_of_lost_is_what_counting_by_hand_gives(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[float, list[float | None]]]
) -> None:
    def happen(record: ARecord) -> None:
        for number, (at, delays) in enumerate(events, start=1):
            had = {f"a_{pod}": at + delay for pod, delay in enumerate(delays, start=1) if delay is not None}
            record.with_event(number, at, **had)

    found = the(with_two_pods(happen).judged(tmp_path_factory.mktemp("run")), "the-events")
    lost = sum(delay is None or T0 + at + delay > T0 + at + 10 for at, delays in events for delay in delays)
    assert found.evidence["lost"] == lost
    assert found.evidence["owed"] == 2 * len(events)
    assert found.result is (Result.FAIL if lost else Result.PASS)


def test_a_record_is_only_read(tmp_path: Path) -> None:
    run = with_two_pods(lambda r: r.with_event(1, 30, a_1=31)).write(tmp_path)
    with RecordWriter(run), RecordReader(run) as reader:
        assert reader.select("SELECT count(*) FROM ledger") == [(2,)]
