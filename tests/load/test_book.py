"""The books, without processes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.load.book import ArrivalsBook, Books, FirstsBook, RequestsBook, percentile
from harness.load.report import First, Report
from harness.record.views import merged
from harness.traffic.arrivals import Arrival

KEY = (100, "DE", "crm-queries-de")
REQUEST = (*KEY, "read_order", "ok")


def plan(*times: float) -> list[Arrival]:
    return [Arrival(at, "DE", "read_order", number) for number, at in enumerate(times)]


def book(*times: float, workers: int = 1) -> ArrivalsBook:
    return ArrivalsBook(iter(plan(*times)), 100.0, lambda arrival: "crm-queries-de", workers)


def report(passed: float, **more) -> Report:
    return Report(**{"passed": passed, "oldest_intended": passed, "oldest_sent": passed, **more})


def first(sent: float, pod: str = "a", **more) -> First:
    return First(**{"sent": sent, "pod": pod, "workload": "w", "latency_us": 5, "status": 200, "warm": True, **more})


def test_what_nobody_started_was_not_started() -> None:
    found = book(0.1, 0.5, 0.9)
    found.started({KEY: [10, 20]})
    (row,) = found.settle(101)
    assert (row.second, row.intended, row.started, row.not_started) == (100, 3, 2, 1)
    assert row.lag_p99_us == 20


def test_a_second_without_any_word_from_the_workers_is_all_not_started() -> None:
    (row,) = book(0.1, 0.5).settle(101)
    assert (row.intended, row.started, row.not_started) == (2, 0, 2)


def test_a_second_is_settled_once_and_only_when_it_is_over() -> None:
    found = book(0.1, 1.5)
    assert found.settle(100.9) == []
    assert [row.second for row in found.settle(101)] == [100]
    assert [row.second for row in found.settle(102)] == [101]
    assert found.settle(110) == []


def test_a_stopped_run_intended_only_what_came_before_the_stop_of_each_worker() -> None:
    rows = book(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, workers=2).settle(math.inf, [100.35, 100.15])
    assert [(row.intended, row.not_started) for row in rows] == [(2, 2)]


def test_a_silent_worker_holds_the_books_open_until_it_is_known_to_be_dead() -> None:
    books = Books(book(0.1, 0.2, workers=2), 2)
    books.take(0, report(200.0, starts={KEY: [1]}))
    assert books.settle(105.0, [0, 1]) == []
    (row,) = books.settle(105.0, [0])
    assert (row.intended, row.started, row.not_started) == (2, 1, 1)


def test_a_second_waits_for_its_open_requests_but_not_for_ever() -> None:
    found = RequestsBook(patience=3)
    found.answered({REQUEST: [1000, 2000]})
    assert found.settle(oldest_open=100.5, now=102.0) == []
    (row,) = found.settle(oldest_open=100.5, now=104.0)
    assert row.count == 2
    found.answered({REQUEST: [9000]})
    (late,) = found.settle(oldest_open=math.inf, now=105.0)
    assert merged([row, late]).get_total_count() == 3


@given(st.lists(st.integers(-5, 10**9), min_size=1, max_size=30))
def test_no_latency_is_lost_also_not_one_outside_the_histogram(latencies) -> None:
    found = RequestsBook()
    found.answered({REQUEST: latencies})
    (row,) = found.settle(math.inf, 0)
    assert row.count == len(latencies) == merged([row]).get_total_count()


def test_first_requests_are_numbered_in_the_order_of_sending() -> None:
    found = FirstsBook(keep=3)
    found.answered([first(2.0), first(1.0), first(5.0), first(3.0, "b")])
    assert [(row.pod, row.ordinal, row.sent) for row in found.settle(oldest_sent=4.0)] == [
        ("a", 1, 1.0),
        ("a", 2, 2.0),
        ("b", 1, 3.0),
    ]
    found.answered([first(4.5), first(6.0)])
    assert [(row.sent, row.ordinal) for row in found.settle(math.inf)] == [(4.5, 3)]


def test_a_report_survives_the_way_to_the_recorder() -> None:
    sent = report(
        -math.inf,
        requests={REQUEST: [1, 2]},
        starts={KEY: [3]},
        firsts=[first(1.5, warm=None)],
        notes=[("info", "ü")],
        last=True,
    )
    assert Report.decode(sent.encode()) == sent


@pytest.mark.parametrize(("values", "wanted"), [([], 0), ([7], 7), (list(range(1, 101)), 99), (list(range(1, 202)), 199)])
def test_p99_is_the_nearest_rank(values, wanted) -> None:
    assert percentile(values, 0.99) == wanted
