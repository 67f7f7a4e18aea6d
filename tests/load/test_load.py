"""The load against a real server, in processes as in a run: whether it keeps its pace."""

from __future__ import annotations

import os
import signal
import time

import pytest

from harness.record.rows import Arrivals, FirstRequest, Heartbeat, Note, Requests
from harness.record.views import merged
from harness.traffic.arrivals import arrivals
from harness.traffic.profile import load_profile
from tests.load.conftest import PROFILE, outcomes, totals, wait_until

pytestmark = pytest.mark.alone  # whether a generator kept its pace shows only where it has the cores


def test_every_intended_arrival_is_started_and_answered(crm, load) -> None:
    running = load(crm().url, rates={"DE": (40, 40), "AT": (0, 20)}, seconds=3)
    assert running.wait() == 0
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started > 100
        assert not_started == 0
        seen = outcomes(record)
        assert sum(seen.values()) == started
        assert seen["ok"] > seen["not_modified"] > 0
        assert set(seen) == {"ok", "not_modified"}
        rows = list(record.rows(Requests))
        assert {row.workload for row in rows} == {f"crm-{c}-{t}" for c in ("queries", "commands") for t in ("de", "at")}
        assert merged(rows).get_total_count() == started
        assert all(running.t0 - 1 < row.second < running.t0 + 3 for row in rows)
        keys = [(r.second, r.territory, r.workload, r.operation, r.outcome) for r in rows]
        assert len(keys) == len(set(keys))
        firsts = list(record.rows(FirstRequest))
        assert [first.ordinal for first in firsts] == list(range(1, 51))
        assert [first.sent for first in firsts] == sorted(first.sent for first in firsts)
        assert all(first.warm for first in firsts)
        assert len(list(record.rows(Heartbeat))) >= 3
        assert [note for note in record.rows(Note) if note.level == "error"] == []


def test_a_stalling_server_shows_in_the_latency_of_all_who_would_have_come(crm, load) -> None:
    server = crm(stall_every=5, stall_for=1)
    running = load(server.url, rates={"DE": (80, 80)}, seconds=5)
    assert running.wait() == 0
    with running.record() as record:
        assert 600_000 < merged(record.rows(Requests)).get_value_at_percentile(95) < 1_000_000
        intended, started, not_started = totals(record)
        assert (intended, not_started) == (started, 0)


def test_slow_answers_do_not_slow_the_arrivals(crm, load) -> None:
    server = crm()
    running = load(server.url, rates={"DE": (50, 50)}, seconds=3)
    wait_until(running.t0 - 0.3)
    server.set(delay=1.5)
    assert running.wait() == 0
    with running.record() as record:
        assert totals(record)[2] == 0
        assert merged(record.rows(Requests)).get_value_at_percentile(1) >= 1_400_000


def test_an_answer_that_does_not_come_in_time_counts_as_timeout(crm, load, profile_with) -> None:
    server = crm()
    running = load(server.url, seconds=3, profile=profile_with(timeout="500ms"))
    wait_until(running.t0 - 0.5)
    server.set(hang="orders")
    assert running.wait() == 0
    with running.record() as record:
        rows = list(record.rows(Requests, "outcome = 'timeout'"))
        assert {row.operation for row in rows} >= {"read_order", "place_order"}
        assert 490_000 < merged(rows).get_min_value() < merged(rows).get_max_value() < 2_000_000
        assert sum(outcomes(record).values()) == totals(record)[1]


def test_a_worker_that_is_stopped_for_a_while_is_seen_in_lag_and_arrivals_not_started(crm, load) -> None:
    running = load(crm().url, rates={"DE": (50, 50)}, seconds=5, options=("--late", "1"))
    wait_until(running.t0 + 1)
    (worker,) = running.workers()
    os.kill(worker, signal.SIGSTOP)
    wait_until(running.t0 + 3.5)
    os.kill(worker, signal.SIGCONT)
    assert running.wait() == 0
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started + not_started
        assert 40 < not_started < 110
        assert max(row.lag_p99_us for row in record.rows(Arrivals)) > 500_000
        assert any("more than 1 s late" in note.text for note in record.rows(Note, "level = 'warning'"))


def test_a_dead_worker_makes_nothing_better(crm, load) -> None:
    running = load(crm().url, rates={"DE": (50, 50)}, seconds=4, options=("--workers", "2"))
    wait_until(running.t0 + 2)
    _first, second = running.workers()
    os.kill(second, signal.SIGKILL)
    assert running.wait() == 3
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started + not_started
        assert 30 < not_started < 70
        assert any("died (signal 9)" in note.text for note in record.rows(Note, "level = 'error'"))


def test_two_workers_start_together_what_one_would(crm, load) -> None:
    running = load(crm().url, rates={"DE": (50, 50), "CH": (10, 10)}, seconds=3, options=("--workers", "2"))
    assert running.wait() == 0
    with running.record() as record:
        intended, started, _ = totals(record)
        assert intended == started == len([*arrivals(running.plan.phases, load_profile(PROFILE).mix(), running.plan.seed)])
        assert [first.ordinal for first in record.rows(FirstRequest)] == list(range(1, 51))


def test_sigterm_ends_the_load_soon_and_writes_the_last_rows(crm, load) -> None:
    server = crm()
    running = load(server.url, rates={"DE": (50, 50)}, seconds=600)
    wait_until(running.t0 - 0.3)
    server.set(delay=0.3)
    wait_until(running.t0 + 2.25)
    asked = time.time()
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() == 0
    assert time.time() - asked < 6
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert 80 < intended < 150
        assert not_started <= 1
        assert sum(outcomes(record).values()) == started
        assert max(row.second for row in record.rows(Arrivals)) in (int(asked), int(asked) + 1)
