"""The load against a real server, in processes as in a run: what it writes down, however slow the machine is.

The tests wait for what has to come and then end the load; none of them counts on being in time.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.record.reader import RecordReader
from harness.record.rows import Arrivals, FirstRequest, Heartbeat, Note
from tests.load.conftest import ROOT, outcomes, totals, wait_until

FOR_EVER = 600  # seconds; the tests end the load before


def told(record: RecordReader, text: str) -> bool:
    """Whether a note says so."""
    return any(text in note.text for note in record.rows(Note))


def started(record: RecordReader) -> bool:
    """Whether a second with many arrivals is in the books."""
    return totals(record)[1] > 50


def test_errors_are_told_apart(crm, load) -> None:
    server = crm()
    running = load(server.url, rates={"DE": (60, 60)}, seconds=FOR_EVER, t0_in=2)
    running.eventually(lambda record: "ok" in outcomes(record))
    for settings, outcome in (
        ({"fail": "orders", "status": 503}, "server_error"),
        ({"fail": "orders", "status": 404}, "client_error"),
        ({"fail": "", "break": "orders"}, "connection"),
    ):
        server.set(**settings)
        running.eventually(lambda record, outcome=outcome: outcome in outcomes(record))
    server.process.kill()
    assert running.stop() == 0
    with running.record() as record:
        assert sum(outcomes(record).values()) == totals(record)[1]


def test_a_generator_with_too_few_open_requests_allowed_says_so(crm, load) -> None:
    running = load(crm(delay=0.5).url, rates={"DE": (50, 50)}, seconds=FOR_EVER, options=("--in-flight", "5"), t0_in=2)
    running.eventually(lambda record: told(record, "5 requests were open already") and totals(record)[0] > 50)
    assert running.stop() == 0
    with running.record() as record:
        intended, _, not_started = totals(record)
        assert not_started > intended / 2


def test_a_worker_that_never_wakes_up_again_does_not_hold_the_run(crm, load) -> None:
    running = load(crm().url, rates={"DE": (50, 50)}, seconds=8, t0_in=4)
    wait_until(running.t0 + 1)
    running.eventually(lambda record: running.workers())
    os.kill(running.workers()[0], signal.SIGSTOP)
    assert running.wait() == 3
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started + not_started
        assert not_started > 50
        assert any("did not end with the plan" in note.text for note in record.rows(Note, "level = 'error'"))


def test_when_all_workers_are_dead_the_books_go_on(crm, load) -> None:
    running = load(crm().url, rates={"DE": (50, 50)}, seconds=FOR_EVER, t0_in=2)
    running.eventually(started)
    os.kill(running.workers()[0], signal.SIGKILL)
    dead = math.ceil(time.time())
    running.eventually(lambda record: sum(row.intended for row in record.rows(Arrivals, "second >= ?", (dead,))) > 50)
    assert running.stop() == 3
    with running.record() as record:
        late = list(record.rows(Arrivals, "second >= ?", (dead,)))
        assert sum(row.intended for row in late) == sum(row.not_started for row in late) > 50
        assert any("died (signal 9)" in note.text for note in record.rows(Note, "level = 'error'"))


@pytest.mark.parametrize("moment", [0.0, 0.4, 1.2])
def test_sigterm_before_the_first_arrival_is_harmless(crm, load, moment) -> None:
    running = load(crm().url, seconds=60, t0_in=300)
    wait_until(time.time() + moment)
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() in (0, -signal.SIGTERM)


def test_after_kill_9_the_record_is_readable_and_no_worker_is_left(crm, load) -> None:
    running = load(crm().url, rates={"DE": (50, 50)}, seconds=FOR_EVER, t0_in=2)
    running.eventually(started)
    workers = running.workers()
    running.process.kill()
    running.process.wait()
    killed = time.time()
    while any(alive(pid) for pid in workers):
        assert time.time() < killed + 60
        time.sleep(0.1)
    with running.record() as record:
        intended, begun, not_started = totals(record)
        assert intended == begun + not_started
        assert begun > 50
        assert max(beat.at for beat in record.rows(Heartbeat)) < killed


def test_arrivals_whose_time_had_passed_at_the_start_were_not_started(crm, load) -> None:
    running = load(crm().url, rates={"DE": (40, 40)}, seconds=FOR_EVER, t0_in=-4)
    running.eventually(started)
    assert running.stop() == 0
    with running.record() as record:
        intended, begun, not_started = totals(record)
        assert intended == begun + not_started
        assert not_started > 100
        early = record.rows(Arrivals, "second < ?", (int(running.t0) + 2,))
        assert all(row.started == 0 for row in early)


def test_arrivals_before_the_ids_are_known_were_not_started(crm, load) -> None:
    server = crm(no_ids=1)
    running = load(server.url, rates={"DE": (40, 40)}, seconds=FOR_EVER, t0_in=0)
    running.eventually(lambda record: told(record, "HTTP 503") and totals(record)[2] > 100)
    with running.record() as record:
        assert totals(record)[1] == 0
    server.set(no_ids="")
    running.eventually(started)
    assert running.stop() == 0
    with running.record() as record:
        intended, begun, not_started = totals(record)
        assert intended == begun + not_started
        assert any("HTTP 503" in note.text for note in record.rows(Note, "level = 'error'"))
        assert any("are not known" in note.text for note in record.rows(Note, "level = 'warning'"))


def test_what_a_pod_says_of_itself_is_kept_for_its_first_requests(crm, load) -> None:
    server = crm()
    running = load(server.url, rates={"DE": (60, 60)}, seconds=FOR_EVER, t0_in=2)
    running.eventually(lambda record: len(list(record.rows(FirstRequest, "pod = 'pod-1'"))) == 50)
    server.set(pod="pod-2", warm="false")
    running.eventually(lambda record: len(list(record.rows(FirstRequest, "pod = 'pod-2'"))) == 50)
    assert running.stop() == 0
    with running.record() as record:
        second = list(record.rows(FirstRequest, "pod = 'pod-2'"))
        assert [first.ordinal for first in second] == list(range(1, 51))
        assert {first.warm for first in second} == {False}
        assert {first.warm for first in record.rows(FirstRequest, "pod = 'pod-1'")} == {True}


def test_a_behaviour_that_fails_is_told_and_its_arrivals_were_not_started(crm, load, profile_with) -> None:
    code = "def read_order(self, client):\n        raise KeyError('no such thing')"
    running = load(crm().url, seconds=FOR_EVER, t0_in=2, profile=profile_with(method=("read_order", code)))
    running.eventually(lambda record: told(record, "read_order failed"))
    assert running.stop() == 0
    with running.record() as record:
        intended, started, not_started = totals(record)
        assert intended == started + not_started
        assert not_started > 0
        (note,) = record.rows(Note, "level = 'error' AND text LIKE '%read_order failed with KeyError%'")
        assert "crm.py:" in note.text


def test_a_behaviour_that_sends_twice_is_told(crm, load, profile_with) -> None:
    code = "def read_order(self, client):\n        client.get('/orders/1')\n        client.get('/orders/2')"
    running = load(crm().url, seconds=FOR_EVER, t0_in=2, profile=profile_with(method=("read_order", code)))
    running.eventually(lambda record: told(record, "performs one request"))
    assert running.stop() == 0
    with running.record() as record:
        assert any("performs one request" in note.text for note in record.rows(Note, "level = 'error'"))


def test_a_behaviour_that_cannot_be_imported_ends_the_load_with_one_sentence(load, profile_with) -> None:
    profile = profile_with()
    behaviour = profile.with_name("crm.py")
    behaviour.write_text(behaviour.read_text() + "\nraise RuntimeError('broken on purpose')\n")
    running = load("http://127.0.0.1:1", profile=profile, t0_in=2)
    assert running.wait() == 3
    assert "cannot be imported: RuntimeError: broken on purpose" in running.said
    assert "Load worker 0 ended before it began" in running.said
    assert "Traceback" not in running.said


def test_a_record_that_cannot_be_written_ends_the_load_with_one_sentence(crm, load) -> None:
    running = load(crm().url, seconds=FOR_EVER, t0_in=2)
    running.eventually(started)
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
    running = load("http://127.0.0.1:1", rates=rates, services=services, t0_in=2)
    assert running.wait() == 2
    assert sentence in running.said
    assert "Traceback" not in running.said


def test_without_a_record_the_load_ends_with_one_sentence(tmp_path) -> None:
    command = [sys.executable, "-m", "harness.load", str(tmp_path), "--target", "none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no record")


def test_locusts_own_command_line_runs_the_behaviour_in_a_closed_model(crm) -> None:
    options = ["--headless", "-u", "5", "-r", "5", "-t", "3s", "--host", crm().url, "--territory", "DE", "--json"]
    command = [sys.executable, "-m", "locust", "-f", "profiles/crm.py", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert sum(entry["num_requests"] for entry in json.loads(done.stdout)) > 10
    assert sum(entry["num_failures"] for entry in json.loads(done.stdout)) == 0


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
