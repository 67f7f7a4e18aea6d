"""Whatever ends a rehearsal: faults are undone, windows put back, processes gone, and the record can be read."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import Exit
from harness.judge.judge import judge
from harness.record.reader import RecordReader
from harness.record.rows import Fault
from harness.safety.undo import UndoJournal
from harness.stack import cluster
from tests.embedded.conftest import Rehearsing, children_named, eventually, record_of

pytestmark = pytest.mark.cluster
REHEARSAL = Path(__file__).parent / "sabotage" / "interrupted.yaml"
ATTEMPTS = 3


@pytest.fixture(scope="module", autouse=True)
def down_afterwards(rehearsing: Rehearsing) -> Iterator[None]:
    """The cluster ends with the last of these tests: others want the machine."""
    yield
    cluster.down(rehearsing.name)


def windows(name: str) -> dict[str, Any]:
    """The triggers of every ScaledObject, as the cluster of that name has them now."""
    import kubernetes.config
    from kubernetes import client

    state = cluster.read(name)
    api = client.CustomObjectsApi(kubernetes.config.new_client_from_config(str(state.kubeconfig), context=state.context))
    found = api.list_namespaced_custom_object("keda.sh", "v1alpha1", "crm", "scaledobjects")["items"]
    return {one["metadata"]["name"]: one["spec"]["triggers"] for one in found}


def in_the_flood(run: Path) -> bool:
    """Whether the fault of the run has proven its effect and is not undone yet."""
    record = record_of(run)
    if record is None:
        return False
    with record:
        steps = {row.step for row in record.rows(Fault)}
    return "effect" in steps and "undone" not in steps


def begun(rehearsing: Rehearsing) -> tuple[subprocess.Popen[str], Path]:
    """A rehearsal whose window is shifted and whose fault is in effect.

    Where the machine is so busy that the harness gives up before (its processes were not ready in time), it is tried again.
    """
    said = ""
    for _ in range(ATTEMPTS):
        before = set(rehearsing.runs.glob("*"))
        process = rehearsing.start(REHEARSAL)
        run = rehearsing.new_folder(before)
        eventually(
            lambda run=run, process=process: in_the_flood(run) or process.poll() is not None, 600, "the fault's effect"
        )
        if process.poll() is None:
            assert UndoJournal(rehearsing.name).open_entries(), "the shifted window has its undo in the journal"
            return process, run
        said = process.communicate()[1]
        assert process.returncode in (Exit.INCONCLUSIVE, Exit.STOPPED), said
    pytest.fail(f"{ATTEMPTS} rehearsals could not begin: {said}")


def nothing_is_left(rehearsing: Rehearsing, run: Path) -> None:
    """No process of the run, no open change, no shifted window."""
    eventually(lambda: not children_named(str(run)), 120, "the end of the run's processes")
    assert UndoJournal(rehearsing.name).open_entries() == []
    shifted = [trigger for triggers in windows(rehearsing.name).values() for trigger in triggers if _opens_today(trigger)]
    assert shifted == []


def _opens_today(trigger: dict[str, Any]) -> bool:
    from datetime import UTC, datetime, timedelta

    from harness.calendar.window import is_open, openings, read_trigger

    if trigger.get("type") != "cron":
        return False
    now = datetime.now(UTC)
    window = read_trigger(trigger)
    soon = next(openings(window, now - timedelta(minutes=10), now + timedelta(minutes=10)), None)
    return is_open(window, now) or soon is not None


# SIGINT and SIGTERM have one handler: each is tried in one of the two phases.
def test_ctrl_c_in_the_middle_of_a_fault_puts_everything_back(rehearsing: Rehearsing) -> None:
    process, run = begun(rehearsing)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == Exit.INTERRUPTED, said
    assert "Traceback" not in said
    nothing_is_left(rehearsing, run)
    with RecordReader(run) as record:
        assert "undone" in {row.step for row in record.rows(Fault)}
    assert judge(run).exit_code == Exit.INTERRUPTED


def test_sigterm_while_staging_ends_with_130_and_leaves_nothing(rehearsing: Rehearsing) -> None:
    before = set(rehearsing.runs.glob("*"))
    process = rehearsing.start(REHEARSAL)
    run = rehearsing.new_folder(before)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=300)
    assert process.returncode == Exit.INTERRUPTED, said
    assert "Traceback" not in said
    eventually(lambda: not children_named(str(run)), 120, "the end of the run's processes")


def test_after_kill_9_of_the_runner_restore_puts_the_window_back(rehearsing: Rehearsing) -> None:
    process, run = begun(rehearsing)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    eventually(lambda: not children_named(str(run)), 120, "the end of the run's processes, whose parent is gone")
    restored = rehearsing.rehearse("restore", "--target", rehearsing.name)
    assert restored.returncode == 0, restored.stderr
    nothing_is_left(rehearsing, run)
    assert judge(run).exit_code != Exit.PASS
