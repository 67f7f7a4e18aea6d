"""The fault process as the runner starts it: real PostgreSQL, real API server, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from harness.errors import Exit
from harness.plan.model import Plan, PlannedFault, System
from harness.record.reader import RecordReader
from harness.record.rows import Fault, Heartbeat, Journal, Meta, Note
from harness.record.writer import RecordWriter
from harness.safety.undo import UndoJournal
from harness.target.base import Target
from tests.faults.apiserver import TOKEN, Cluster, running
from tests.faults.conftest import PASSWORD

ROOT = Path(__file__).parents[2]
NAME = {"app.kubernetes.io/name": "crm-queries-de"}
Start = Callable[..., "Run"]


def plan_of(fault: PlannedFault, namespace: str) -> Plan:
    return Plan.model_validate(
        {
            "schema": "generalprobe.dev/plan/v1",
            "rehearsal": "test",
            "path": str(ROOT / "rehearsals" / "test.yaml"),
            "season": "oktoberfest",
            "runbook": "r.md",
            "lapse": 1.0,
            "system": System(namespace=namespace),
            "profile": "p",
            "seed": 1,
            "phases": [],
            "window": None,
            "faults": [fault],
            "expectations": [],
            "moments": {"start": 0.0, "end": 60.0},
            "constants": [],
        }
    )


class Run:
    """A run's folder with the process of its one fault."""

    def __init__(self, folder: Path, target: Target, fault: PlannedFault, starts_in: float, path: Path = ROOT) -> None:
        self.folder, self.target, self.fault = folder, target, fault
        plan = plan_of(fault, target.namespace)
        with RecordWriter(folder) as record:
            record.add(Meta("plan", json.loads(plan.model_dump_json(by_alias=True))))
            record.add(Meta("t0", {"at": time.time() + starts_in}))
        target.write(folder / "target.json")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.faults", str(folder), fault.id, "--target", str(folder / "target.json")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{path}", "PYTHONWARNINGS": "ignore"},
        )
        self.output = ""

    def end(self) -> int:
        self.output, _ = self.process.communicate(timeout=60)
        return self.process.returncode

    def steps(self) -> list[str]:
        with RecordReader(self.folder) as record:
            return [row.step for row in record.rows(Fault)]

    def detail(self, step: str) -> dict[str, Any]:
        with RecordReader(self.folder) as record:
            return next(row.detail for row in record.rows(Fault) if row.step == step)

    def marked(self, name: str) -> bool:
        with RecordReader(self.folder) as record:
            return record.mark(name) is not None

    def wait_for(self, step: str) -> None:
        deadline = time.monotonic() + 30
        while step not in self.steps():
            assert time.monotonic() < deadline, f"{step} never came: {self.steps()}"
            assert self.process.poll() is None, self.process.communicate()[0]
            time.sleep(0.05)


@pytest.fixture
def cluster() -> Cluster:
    return running()


@pytest.fixture
def start(tmp_path: Path, state: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Any:
    started: list[Run] = []

    def begin(fault: PlannedFault, target: Target, starts_in: float = 0.0) -> Run:
        run = Run(tmp_path / f"run-{len(started)}", target, fault, starts_in)
        started.append(run)
        return run

    yield begin
    for run in started:
        if run.process.poll() is None:
            run.process.kill()
            run.process.communicate()


def flood(timeout: float = 60, **configuration: Any) -> PlannedFault:
    return PlannedFault(
        id="flood-notify", experiment="chaos/flood-notify.yaml", start=0.0, timeout=timeout, configuration=configuration
    )


def kill(**configuration: Any) -> PlannedFault:
    return PlannedFault(
        id="kill-pods", experiment="chaos/kill-pods.yaml", start=0.0, timeout=30, configuration=configuration
    )


def usage(dsn: str) -> float:
    with psycopg.connect(dsn) as db:
        row = db.execute("SELECT pg_notification_queue_usage()").fetchone()
    assert row is not None
    return float(row[0])


def holders(dsn: str) -> int:
    with psycopg.connect(dsn) as db:
        row = db.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'generalprobe-flood%'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def assert_no_secret(run: Run, state: Path) -> None:
    kept = [
        path
        for folder in (run.folder, state)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "target.json"
    ]
    assert any(path.name == "record.sqlite" for path in kept)
    for path in kept:
        for secret in (PASSWORD, TOKEN):
            assert secret.encode() not in path.read_bytes(), f"{secret} in {path}"
    assert PASSWORD not in run.output
    assert TOKEN not in run.output


def test_a_flood_proves_its_effect_and_its_rollback(start: Start, cluster: Cluster, small_queue: str, state: Path) -> None:
    space = cluster.namespace("flood-ok")
    run = start(flood(hold_seconds=1.0), cluster.target(namespace=space, database_dsn=small_queue))
    assert run.end() == Exit.PASS, run.output
    assert run.steps() == ["started", "effect", "undone", "ended"]
    assert run.detail("effect")["seen"]["usage"] > 0.7
    assert run.detail("ended")["problems"] == []
    assert run.marked("fault:flood-notify")
    assert run.marked("fault-end:flood-notify")
    with RecordReader(run.folder) as record:
        assert {row.source for row in record.rows(Heartbeat)} == {"fault:flood-notify"}
        assert next(record.rows(Journal)).body["status"] == "completed"
    assert json.loads((run.folder / "chaos" / "flood-notify.journal.json").read_text())["status"] == "completed"
    assert usage(small_queue) < 0.1
    assert UndoJournal("test", state).open_entries() == []
    assert_no_secret(run, state)


def test_a_flood_that_cannot_fill_the_queue_is_no_effect(start: Start, cluster: Cluster, large_queue: str) -> None:
    space = cluster.namespace("flood-large")
    run = start(flood(max_notifies=500), cluster.target(namespace=space, database_dsn=large_queue))
    assert run.end() == Exit.INCONCLUSIVE, run.output
    assert run.steps() == ["started", "no_effect", "undone", "ended"]
    assert "the effect was not seen" in run.detail("ended")["problems"]


@pytest.mark.parametrize(("number", "stopped_by"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "Ctrl-C")])
def test_a_signal_while_the_queue_is_full_rolls_back(
    start: Start, cluster: Cluster, small_queue: str, state: Path, number: int, stopped_by: str
) -> None:
    space = cluster.namespace("flood-signal")
    run = start(flood(hold_seconds=50.0), cluster.target(namespace=space, database_dsn=small_queue))
    run.wait_for("effect")
    run.process.send_signal(number)
    time.sleep(0.02)
    run.process.send_signal(number)  # an impatient person asks twice; the rollback still comes whole
    assert run.end() == Exit.INTERRUPTED, run.output
    assert run.steps() == ["started", "effect", "undone", "ended"]
    assert run.detail("ended")["stopped_by"] == stopped_by
    assert run.marked("fault-end:flood-notify")
    assert holders(small_queue) == 0
    assert usage(small_queue) < 0.1
    assert UndoJournal("test", state).open_entries() == []
    assert_no_secret(run, state)


@pytest.mark.parametrize("after", [0.2, 0.8, 1.1, 1.4])
def test_a_signal_at_any_moment_leaves_nothing_behind(
    start: Start, cluster: Cluster, small_queue: str, state: Path, after: float
) -> None:
    space = cluster.namespace("flood-any")
    run = start(flood(hold_seconds=50.0), cluster.target(namespace=space, database_dsn=small_queue))
    deadline = time.monotonic() + 30
    with RecordReader(run.folder) as record:
        while not list(record.rows(Heartbeat)) and time.monotonic() < deadline:
            time.sleep(0.02)
    time.sleep(after)
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == Exit.INTERRUPTED, run.output
    steps = run.steps()
    assert steps[-1] == "ended"
    assert "undo_failed" not in steps
    assert holders(small_queue) == 0
    assert UndoJournal("test", state).open_entries() == []


def test_a_signal_before_its_time_ends_the_wait(start: Start, cluster: Cluster, small_queue: str) -> None:
    space = cluster.namespace("flood-wait")
    run = start(flood(), cluster.target(namespace=space, database_dsn=small_queue), starts_in=600.0)
    with RecordReader(run.folder) as record:
        deadline = time.monotonic() + 30
        while len(list(record.rows(Heartbeat))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == Exit.INTERRUPTED
    assert run.steps() == ["no_effect", "ended"]
    assert not run.marked("fault:flood-notify")


def test_a_fault_that_takes_too_long_is_rolled_back(start: Start, cluster: Cluster, small_queue: str) -> None:
    space = cluster.namespace("flood-slow")
    run = start(flood(timeout=4, hold_seconds=50.0), cluster.target(namespace=space, database_dsn=small_queue))
    assert run.end() == Exit.INCONCLUSIVE, run.output
    assert run.steps() == ["started", "effect", "undone", "ended"]
    assert run.detail("ended")["stopped_by"] == "timeout"
    assert holders(small_queue) == 0


def test_kill_minus_nine_ends_the_flood_and_restore_closes_its_entry(
    start: Start, cluster: Cluster, small_queue: str, state: Path
) -> None:
    from harness.safety.restore import restore

    space = cluster.namespace("flood-nine")
    run = start(flood(hold_seconds=50.0), cluster.target(namespace=space, database_dsn=small_queue))
    run.wait_for("effect")
    left = restore("test", state)
    assert [sentence.done for sentence in left] == [False]
    assert "stop it first" in left[0]
    run.process.kill()
    run.end()
    deadline = time.monotonic() + 10
    while holders(small_queue) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [sentence.done for sentence in restore("test", state)] == [True]
    assert restore("test", state) == []
    assert run.steps() == ["started", "effect"]  # the record is readable and says how far it came


def test_killing_pods_proves_their_uids_gone(start: Start, cluster: Cluster, state: Path) -> None:
    space = cluster.namespace("kill-ok")
    uids = {cluster.pod(space, f"p{i}", **NAME) for i in range(4)}
    run = start(kill(count=2), cluster.target(namespace=space))
    assert run.end() == Exit.PASS, run.output
    assert run.steps() == ["started", "effect", "undone", "ended"]
    gone = {each["uid"] for each in run.detail("effect")["seen"]["gone"]}
    assert len(gone) == 2
    assert gone < uids
    assert_no_secret(run, state)


def test_a_selector_that_matches_nothing_is_no_effect(start: Start, cluster: Cluster) -> None:
    space = cluster.namespace("kill-nothing")
    run = start(kill(selector="territory=XX"), cluster.target(namespace=space))
    assert run.end() == Exit.INCONCLUSIVE, run.output
    assert run.steps() == ["no_effect", "undone", "ended"]
    assert "was out of tolerance" in run.detail("no_effect")["reason"]


def test_more_pods_than_the_share_allowed_are_vetoed_at_the_moment(start: Start, cluster: Cluster) -> None:
    space = cluster.namespace("kill-much")
    cluster.pod(space, "only", **NAME)
    run = start(kill(count=1), cluster.target(namespace=space))
    assert run.end() == Exit.STOPPED
    assert "takes 1 of 1 ready pods, more than max_percent 50" in run.output
    assert "Traceback" not in run.output
    assert run.steps() == ["no_effect", "ended"]
    assert len(cluster.core.list_namespaced_pod(space).items) == 1


def test_a_namespace_that_did_not_opt_in_is_vetoed(start: Start, cluster: Cluster) -> None:
    space = cluster.namespace("kill-closed", opted_in=False)
    run = start(kill(), cluster.target(namespace=space))
    assert run.end() == Exit.STOPPED
    assert "label namespace kill-closed generalprobe.dev/rehearse=allowed" in run.output
    with RecordReader(run.folder) as record:
        assert [note.level for note in record.rows(Note)] == ["error"]


def test_a_configuration_that_the_experiment_does_not_have_is_bad_input(start: Start, cluster: Cluster) -> None:
    run = start(kill(selektor="x"), cluster.target())
    assert run.end() == Exit.BAD_INPUT
    assert "no configuration 'selektor'" in run.output
    assert "kill-pods.yaml:" in run.output


def test_the_experiments_run_by_hand_too(cluster: Cluster, small_queue: str, tmp_path: Path, state: Path) -> None:
    space = cluster.namespace("by-hand")
    for i in range(2):
        cluster.pod(space, f"p{i}", **NAME)
    environ = {
        **os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "KUBECONFIG": str(cluster.kubeconfig),
        "GENERALPROBE_NAMESPACE": space, "GENERALPROBE_DATABASE_DSN": small_queue, "GENERALPROBE_HOLD_SECONDS": "1",
        "HOME": str(tmp_path),
    }  # fmt: skip
    for name in ("kill-pods", "flood-notify"):
        journal = tmp_path / f"{name}.json"
        chaos = Path(sys.executable).parent / "chaos"
        done = subprocess.run(
            [chaos, "run", "--journal-path", journal, ROOT / "chaos" / f"{name}.yaml"],
            check=False,
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        from harness.faults.journal import judge

        assert judge(json.loads(journal.read_text())) == []
    assert UndoJournal("by-hand", state).open_entries() == []
