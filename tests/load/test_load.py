"""The load against a real server, in processes as in a run."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.record.rows import Arrivals, FirstRequest, Heartbeat, Note, Requests
from harness.record.views import merged
from harness.traffic.arrivals import arrivals
from harness.traffic.profile import load_profile

pytestmark = pytest.mark.alone  # whether a generator kept its pace shows only where it has the cores

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "profiles" / "oktoberfest.yaml"


def totals(record) -> tuple[int, int, int]:
    rows = list(record.rows(Arrivals))
    return sum(r.intended for r in rows), sum(r.started for r in rows), sum(r.not_started for r in rows)


def outcomes(record) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in record.rows(Requests):
        counts[row.outcome] = counts.get(row.outcome, 0) + row.count
    return counts


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


def test_errors_are_told_apart(crm, load) -> None:
    server = crm()
    running = load(server.url, rates={"DE": (60, 60)}, seconds=5)
    wait_until(running.t0)
    for settings in ({"fail": "orders", "status": 503}, {"fail": "orders", "status": 404}, {"fail": "", "break": "orders"}):
        server.set(**settings)
        wait_until(time.time() + 1.2)
    server.process.kill()
    assert running.wait() == 0
    with running.record() as record:
        assert set(outcomes(record)) >= {"ok", "server_error", "client_error", "connection"}
        assert sum(outcomes(record).values()) == totals(record)[1]
        assert totals(record)[2] == 0


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


def test_a_generator_with_too_few_open_requests_allowed_says_so(crm, load) -> None:
    server = crm()
    running = load(server.url, rates={"DE": (50, 50)}, seconds=3, options=("--in-flight", "5"))
    wait_until(running.t0 - 0.3)
    server.set(delay=0.5)
    assert running.wait() == 0
    with running.record() as record:
        intended, _, not_started = totals(record)
        assert not_started > intended / 2
        assert any("5 requests were open already" in note.text for note in record.rows(Note))


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


def test_a_worker_that_never_wakes_up_again_does_not_hold_the_run(crm, load) -> None:
    running = load(crm().url, rates={"DE": (50, 50)}, seconds=3)
    wait_until(running.t0 + 1)
    os.kill(running.workers()[0], signal.SIGSTOP)
    assert running.wait() == 3
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started + not_started
        assert not_started > 50
        assert any("did not end with the plan" in note.text for note in record.rows(Note, "level = 'error'"))


def test_when_all_workers_are_dead_the_books_go_on(crm, load) -> None:
    running = load(crm().url, rates={"DE": (50, 50)}, seconds=4)
    wait_until(running.t0 + 1)
    os.kill(running.workers()[0], signal.SIGKILL)
    assert running.wait() == 3
    with running.record() as record:
        late = list(record.rows(Arrivals, "second >= ?", (int(running.t0) + 2,)))
        assert sum(row.intended for row in late) == sum(row.not_started for row in late) > 50


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


@pytest.mark.parametrize("moment", [0.0, 0.4, 1.2])
def test_sigterm_before_the_first_arrival_is_harmless(crm, load, moment) -> None:
    running = load(crm().url, seconds=60, t0_in=30)
    wait_until(time.time() + moment)
    running.process.send_signal(signal.SIGTERM)
    assert running.wait(15) in (0, -signal.SIGTERM)


def test_after_kill_9_the_record_is_readable_and_no_worker_is_left(crm, load) -> None:
    server = crm()
    running = load(server.url, rates={"DE": (50, 50)}, seconds=600)
    wait_until(running.t0 + 4)
    workers = running.workers()
    running.process.kill()
    running.process.wait()
    wait_until(time.time() + 0.3)
    assert not any(alive(pid) for pid in workers)
    with running.record() as record:
        intended, started, _ = totals(record)
        assert intended == started > 50
        assert max(beat.at for beat in record.rows(Heartbeat)) < running.t0 + 4.5


def test_arrivals_whose_time_had_passed_at_the_start_were_not_started(crm, load) -> None:
    running = load(crm().url, rates={"DE": (40, 40)}, seconds=7, t0_in=-4)
    assert running.wait() == 0
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started + not_started
        assert not_started > 100
        early = record.rows(Arrivals, "second < ?", (int(running.t0) + 2,))
        assert all(row.started == 0 for row in early)


def test_arrivals_before_the_ids_are_known_were_not_started(crm, load) -> None:
    server = crm(no_ids=1)
    running = load(server.url, rates={"DE": (40, 40)}, seconds=8, t0_in=2)
    wait_until(running.t0 + 5)
    server.set(no_ids="")
    assert running.wait() == 0
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started + not_started
        assert started > 50
        assert not_started > 150
        assert any("HTTP 503" in note.text for note in record.rows(Note, "level = 'error'"))
        assert any("are not known" in note.text for note in record.rows(Note, "level = 'warning'"))


def test_what_a_pod_says_of_itself_is_kept_for_its_first_requests(crm, load) -> None:
    server = crm()
    running = load(server.url, rates={"DE": (60, 60)}, seconds=4)
    wait_until(running.t0 + 2)
    server.set(pod="pod-2", warm="false")
    assert running.wait() == 0
    with running.record() as record:
        second = list(record.rows(FirstRequest, "pod = 'pod-2'"))
        assert [first.ordinal for first in second] == list(range(1, 51))
        assert {first.warm for first in second} == {False}
        assert {first.warm for first in record.rows(FirstRequest, "pod = 'pod-1'")} == {True}


def test_a_behaviour_that_fails_is_told_and_its_arrivals_were_not_started(crm, load, profile_with) -> None:
    code = "def read_order(self, client):\n        raise KeyError('no such thing')"
    running = load(crm().url, seconds=2, profile=profile_with(method=("read_order", code)))
    assert running.wait() == 0
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started + not_started
        assert not_started > 0
        (note,) = record.rows(Note, "level = 'error'")
        assert "read_order failed with KeyError" in note.text
        assert "crm.py:" in note.text


def test_a_behaviour_that_sends_twice_is_told(crm, load, profile_with) -> None:
    code = "def read_order(self, client):\n        client.get('/orders/1')\n        client.get('/orders/2')"
    running = load(crm().url, seconds=2, profile=profile_with(method=("read_order", code)))
    assert running.wait() == 0
    with running.record() as record:
        assert any("performs one request" in note.text for note in record.rows(Note, "level = 'error'"))


def test_a_behaviour_that_cannot_be_imported_ends_the_load_with_one_sentence(load, profile_with) -> None:
    profile = profile_with()
    behaviour = profile.with_name("crm.py")
    behaviour.write_text(behaviour.read_text() + "\nraise RuntimeError('broken on purpose')\n")
    running = load("http://127.0.0.1:1", profile=profile)
    assert running.wait() == 3
    assert "cannot be imported: RuntimeError: broken on purpose" in running.said
    assert "Load worker 0 ended before it began" in running.said
    assert "Traceback" not in running.said


def test_a_record_that_cannot_be_written_ends_the_load_with_one_sentence(crm, load) -> None:
    running = load(crm().url, seconds=60)
    wait_until(running.t0)
    with sqlite3.connect(running.run / "record.sqlite") as db:
        db.execute("DROP TABLE arrivals")
    assert running.wait() == 2
    assert running.said.startswith("error: The record in")
    assert "Traceback" not in running.said


@pytest.mark.parametrize(
    ("rates", "services", "sentence"),
    [
        ({"DE": (1, 1)}, {"crm-querys-de": "http://x"}, "'crm-queries-de'"),
        ({"XX": (1, 1)}, {}, "territory 'XX'"),
    ],
)
def test_what_does_not_fit_together_ends_with_one_sentence(load, tmp_path, rates, services, sentence) -> None:
    running = load("http://127.0.0.1:1", rates=rates, services=services)
    assert running.wait() == 2
    assert sentence in running.said
    assert "Traceback" not in running.said


def test_without_a_record_the_load_ends_with_one_sentence(tmp_path) -> None:
    command = [sys.executable, "-m", "harness.load", str(tmp_path), "--target", "none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no record")


def test_locusts_own_command_line_runs_the_behaviour_in_a_closed_model(crm) -> None:
    options = ["--headless", "-u", "5", "-r", "5", "-t", "3s", "--host", crm().url, "--territory", "DE", "--json"]
    command = [sys.executable, "-m", "locust", "-f", "profiles/crm.py", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert sum(entry["num_requests"] for entry in json.loads(done.stdout)) > 100
    assert sum(entry["num_failures"] for entry in json.loads(done.stdout)) == 0


def wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
