"""The season's window on a real API server: shifted, put back, and put back after kill -9 at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.errors import Inconclusive, Vetoed
from harness.safety import window
from harness.safety.restore import restore
from harness.safety.undo import UndoJournal
from tests.faults.apiserver import Cluster

ROOT = Path(__file__).parents[2]
CRON = {
    "type": "cron",
    "name": "oktoberfest",
    "metadata": {"timezone": "Europe/Berlin", "start": "0 6 1 9 *", "end": "0 22 15 10 *", "desiredReplicas": "6"},
}
LOAD = {"type": "prometheus", "name": "load", "metadata": {"query": "sum(rate(x[1m]))", "threshold": "10"}}
Triggers = list[dict[str, Any]]


def shift(triggers: Triggers) -> Triggers:
    return [
        {**each, "metadata": {**each["metadata"], "start": "5 12 * * *", "end": "9 12 * * *"}}
        if each["type"] == "cron"
        else each
        for each in triggers
    ]


def make(cluster: Cluster, namespace: str, name: str, triggers: Triggers) -> None:
    cluster.namespace(namespace)
    body = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": name},
        "spec": {"scaleTargetRef": {"name": name}, "triggers": triggers},
    }
    cluster.custom.create_namespaced_custom_object("keda.sh", "v1alpha1", namespace, "scaledobjects", body)


def triggers_of(cluster: Cluster, namespace: str, name: str) -> Triggers:
    found = cluster.custom.get_namespaced_custom_object("keda.sh", "v1alpha1", namespace, "scaledobjects", name)
    triggers: Triggers = found["spec"]["triggers"]
    return triggers


def put(cluster: Cluster, namespace: str, name: str, spec: dict[str, Any]) -> None:
    cluster.custom.patch_namespaced_custom_object("keda.sh", "v1alpha1", namespace, "scaledobjects", name, {"spec": spec})


def test_windows_are_shifted_and_put_back_and_other_triggers_are_left(cluster: Cluster) -> None:
    target = cluster.target(namespace="window-ok")
    make(cluster, "window-ok", "de", [CRON, LOAD])
    make(cluster, "window-ok", "outbox", [LOAD])
    assert window.apply(target, shift, "run-1") == ["de"]
    assert triggers_of(cluster, "window-ok", "de") == shift([CRON, LOAD])
    said = window.put_back(target)
    assert [sentence.done for sentence in said] == [True]
    assert triggers_of(cluster, "window-ok", "de") == [CRON, LOAD]
    assert window.put_back(target) == []


def test_a_window_that_is_still_shifted_is_not_shifted_again(cluster: Cluster) -> None:
    target = cluster.target(namespace="window-twice")
    make(cluster, "window-twice", "de", [CRON])
    window.apply(target, shift, "run-1")
    put(cluster, "window-twice", "de", {"triggers": [CRON, LOAD]})
    with pytest.raises(Vetoed, match="still shifted by run-1"):
        window.apply(target, shift, "run-2")


def test_what_somebody_else_changed_meanwhile_is_left(cluster: Cluster) -> None:
    target = cluster.target(namespace="window-other")
    make(cluster, "window-other", "de", [CRON])
    window.apply(target, shift, "run-1")
    put(cluster, "window-other", "de", {"triggers": [LOAD]})
    assert "somebody else changed" in window.put_back(target)[0]
    assert triggers_of(cluster, "window-other", "de") == [LOAD]


def test_an_object_that_is_gone_or_made_anew_needs_no_undo(cluster: Cluster) -> None:
    target = cluster.target(namespace="window-gone")
    for name in ("anew", "gone"):
        make(cluster, "window-gone", name, [CRON])
    window.apply(target, shift, "run-1")
    for name in ("anew", "gone"):
        cluster.custom.delete_namespaced_custom_object("keda.sh", "v1alpha1", "window-gone", "scaledobjects", name)
    make(cluster, "window-gone", "anew", [LOAD])
    said = window.put_back(target)
    assert all(sentence.done for sentence in said)
    assert any("is gone" in sentence for sentence in said)
    assert any("made anew" in sentence for sentence in said)
    assert triggers_of(cluster, "window-gone", "anew") == [LOAD]


def test_status_written_meanwhile_does_not_disturb_putting_back(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """KEDA writes between our reading and writing: the first attempt conflicts, the second succeeds."""
    from harness.safety.kinds import scaledobject_triggers

    target = cluster.target(namespace="window-busy")
    make(cluster, "window-busy", "de", [CRON])
    window.apply(target, shift, "run-1")
    read, reads = scaledobject_triggers.read, 0

    def read_then_disturb(api: Any, namespace: str, name: str) -> dict[str, Any]:
        nonlocal reads
        found = read(api, namespace, name)
        reads += 1
        if reads == 1:
            put(cluster, namespace, name, {"pollingInterval": 5})
        return found

    monkeypatch.setattr(scaledobject_triggers, "read", read_then_disturb)
    assert window.put_back(target)[0].done
    assert reads == 2
    assert triggers_of(cluster, "window-busy", "de") == [CRON]


def test_a_server_that_refuses_the_change_leaves_no_open_entry(cluster: Cluster) -> None:
    target = cluster.target(namespace="window-bad")
    make(cluster, "window-bad", "de", [CRON])
    with pytest.raises(Inconclusive, match="is not accepted"):
        window.apply(target, lambda _: [{"\u0000": object.__name__ * 2_000_000}], "run-1")
    assert UndoJournal(target.name).open_entries() == []
    assert triggers_of(cluster, "window-bad", "de") == [CRON]


SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from harness.safety import window
from harness.target.base import Target
step, target = sys.argv[1], Target.read(Path(sys.argv[2]))
def shift(triggers):
    return [{**t, "metadata": {**t["metadata"], "start": "5 12 * * *", "end": "9 12 * * *"}} for t in triggers]
real = window.patch
def patch(api, namespace, name, body, **more):
    if step == "before" and "dry_run" not in more:
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(api, namespace, name, body, **more)
    if step == "between" and "dry_run" not in more:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
window.patch = patch
window.apply(target, shift, "run-killed")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("step", "shifted"), [("before", 0), ("between", 1), ("after", 2)])
def test_kill_minus_nine_at_any_moment_is_put_back_from_the_journal(
    cluster: Cluster, tmp_path: Path, step: str, shifted: int
) -> None:
    space = f"window-{step}"
    target = cluster.target(namespace=space, name=space)
    for name in ("ch", "de"):
        make(cluster, space, name, [CRON])
    target.write(tmp_path / "target.json")
    dead = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, step, tmp_path / "target.json"],
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert dead.returncode == -9, dead.stderr
    assert sum(triggers_of(cluster, space, name) != [CRON] for name in ("ch", "de")) == shifted
    assert len(UndoJournal(space).open_entries()) == max(1, shifted)
    assert all(sentence.done for sentence in restore(space))
    assert [triggers_of(cluster, space, name) for name in ("ch", "de")] == [[CRON], [CRON]]
    assert restore(space) == []


def test_two_restores_at_once_put_everything_back_once(cluster: Cluster, state: Path) -> None:
    target = cluster.target(namespace="window-race", name="race")
    for i in range(4):
        make(cluster, "window-race", f"w{i}", [CRON])
    window.apply(target, shift, "run-1")
    lines = [json.loads(line) for line in (state / "race.jsonl").read_text().splitlines()]
    for line in lines:  # as if their process had died
        line["pid"], line["pid_start"] = 2**22 + 1, 1
    (state / "race.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [sys.executable, "-W", "ignore", "-m", "harness.cli.main", "restore", "--target", "race"]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(output.count("were put back") for output in outputs) == 4
    assert all(triggers_of(cluster, "window-race", f"w{i}") == [CRON] for i in range(4))
