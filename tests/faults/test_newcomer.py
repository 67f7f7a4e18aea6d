"""A fault is one file of YAML and at most one module: nothing else is edited. What it does wrong is found out."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadInput, Exit
from harness.faults.experiment import find, load, vetoes
from harness.plan.model import PlannedFault
from harness.safety.guard import Allowed, Limits
from tests.faults.apiserver import Cluster, running
from tests.faults.test_process import Run

SECRET = "sesame-9d1f7c3a"

MODULE = """
import os, pathlib, time
def begun(step, seconds):
    if os.environ.get("DOOR_PAUSE") == step:
        pathlib.Path(__file__).with_name("begun").write_text(step)
        time.sleep(seconds)
def steady():
    begun("steady", 60)
    return True
def shut(folder, secrets=None):
    begun("before shut", 60)
    pathlib.Path(folder, "shut").write_text("x")
    begun("after shut", 60)
    return "opened with " + secrets["word"]
def is_shut(folder):
    begun("effect", 60)
    return pathlib.Path(folder, "shut").exists()
def open_again(folder, hang):
    begun("undo", 1.5)
    time.sleep(hang)
    pathlib.Path(folder, "shut").unlink(missing_ok=True)
def is_open(folder):
    begun("undo probe", 1.5)
    return not pathlib.Path(folder, "shut").exists()
def leak(secrets=None): return "the word is " + secrets["door"]["word"] if "door" in secrets else secrets["word"]
def explode(): raise RuntimeError("boom with sesame-9d1f7c3a")
"""


def experiment(folder: Path, **more: Any) -> dict[str, Any]:
    def step(name: str, kind: str, func: str, **arguments: Any) -> dict[str, Any]:
        provider = {"type": "python", "module": "door", "func": func, "arguments": arguments, "secrets": ["door"]}
        return {"type": kind, "name": name, "provider": provider}

    where = str(folder)
    body: dict[str, Any] = {
        "title": "The door is shut",
        "description": "d",
        "secrets": {"door": {"word": {"type": "env", "key": "DOOR_WORD"}}},
        "configuration": {"hang": 0, "leaked": step("leak", "probe", "leak")},
        "extensions": [{"name": "generalprobe", "blast_radius": {"seconds": 1}}],
        "runtime": {"hypothesis": {"strategy": "before-method-only"}},
        "steady-state-hypothesis": {"title": "t", "probes": [{**step("steady", "probe", "steady"), "tolerance": True}]},
        "method": [
            step("shut it", "action", "shut", folder=where),
            step("effect: it is shut", "probe", "is_shut", folder=where),
        ],
        "rollbacks": [
            step("undo: open it", "action", "open_again", folder=where, hang="${hang}"),
            step("undo: it is open", "probe", "is_open", folder=where),
        ],
    }
    return {**body, **more}


@pytest.fixture
def cluster() -> Cluster:
    return running()


@pytest.fixture
def door(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "door.py").write_text(MODULE)
    monkeypatch.setenv("DOOR_WORD", SECRET)
    return tmp_path


def begin(door: Path, cluster: Cluster, body: dict[str, Any], timeout: float = 20, **configuration: Any) -> Run:
    (door / "door.yaml").write_text(json.dumps(body))
    fault = PlannedFault(
        id="door", experiment=str(door / "door.yaml"), start=0.0, timeout=timeout, configuration=configuration
    )
    target = cluster.target(namespace=cluster.namespace("newcomer"))
    return Run(door / "run", target, fault, 0.0, path=door / "lib")


def test_a_fault_of_ones_own_runs_and_its_secrets_are_not_kept(door: Path, cluster: Cluster) -> None:
    run = begin(door, cluster, experiment(door))
    assert run.end() == Exit.PASS, run.output
    assert run.steps() == ["started", "effect", "undone", "ended"]
    for path in [*(door / "run").rglob("*.sqlite*"), *(door / "run").rglob("*.json")]:
        assert SECRET.encode() not in path.read_bytes() or path.name == "target.json", path
    assert SECRET not in run.output
    assert "[redacted]" in (door / "run" / "chaos" / "door.journal.json").read_text()


@pytest.mark.parametrize(
    ("step", "number", "steps"),
    [
        ("steady", signal.SIGINT, ["no_effect", "undone", "ended"]),
        ("before shut", signal.SIGTERM, ["started", "no_effect", "undone", "ended"]),
        ("after shut", signal.SIGINT, ["started", "no_effect", "undone", "ended"]),
        ("effect", signal.SIGTERM, ["started", "no_effect", "undone", "ended"]),
        ("undo", signal.SIGINT, ["started", "effect", "undone", "ended"]),
        ("undo probe", signal.SIGTERM, ["started", "effect", "undone", "ended"]),
    ],
)
def test_a_signal_in_each_step_rolls_back(
    door: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, step: str, steps: list[str], number: int
) -> None:
    monkeypatch.setenv("DOOR_PAUSE", step)
    run = begin(door, cluster, experiment(door), timeout=60)
    deadline = time.monotonic() + 30
    while not (door / "lib" / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    for _ in range(2):
        run.process.send_signal(number)
        time.sleep(0.05)
    assert run.end() == Exit.INTERRUPTED, run.output
    assert run.steps() == steps
    assert not (door / "shut").exists()
    assert run.marked("fault-end:door") == ("started" in steps)


def test_an_action_that_raises_is_a_problem_although_chaostoolkit_says_completed(door: Path, cluster: Cluster) -> None:
    body = experiment(door)
    explode = {"type": "action", "name": "explode", "provider": {"type": "python", "module": "door", "func": "explode"}}
    run = begin(door, cluster, {**body, "method": [*body["method"], explode]})
    assert run.end() == Exit.INCONCLUSIVE, run.output
    assert run.steps() == ["started", "effect", "undone", "ended"]
    assert run.detail("ended")["status"] == "completed"
    assert run.detail("ended")["problems"] == ["'explode': RuntimeError: boom with [redacted]"]
    assert SECRET not in run.output


def test_a_rollback_that_hangs_is_broken_off_and_said(door: Path, cluster: Cluster) -> None:
    run = begin(door, cluster, experiment(door), hang=100)
    assert run.end() == Exit.INCONCLUSIVE, run.output
    assert run.steps() == ["started", "effect", "undo_failed", "ended"]
    assert run.detail("ended")["stopped_by"] == "rollbacks hung"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"method": []}, "activity named 'effect: ...'"),
        ({"rollbacks": []}, "activity named 'undo: ...'"),
        ({"extensions": []}, "blast_radius"),
        ({"steady-state-hypothesis": None}, "steady-state-hypothesis"),
        ({"runtime": {"hypothesis": {"strategy": "never"}}}, "no hypothesis strategy 'never'"),
        ({"extensions": [{"name": "generalprobe", "blast_radius": {"seconds": "long"}}]}, "not a number"),
    ],
)
def test_an_experiment_that_could_not_prove_itself_is_refused(door: Path, change: dict[str, Any], problem: str) -> None:
    (door / "door.yaml").write_text(json.dumps(experiment(door, **change)))
    planned = PlannedFault(id="door", experiment="door.yaml", start=0.0, timeout=1)
    with pytest.raises(BadInput, match=problem):
        load(planned, door / "rehearsal.yaml")


def test_an_experiment_is_found_beside_the_rehearsal_or_above_it(tmp_path: Path) -> None:
    (tmp_path / "chaos").mkdir()
    (tmp_path / "rehearsals").mkdir()
    (tmp_path / "chaos" / "x.yaml").write_text("")
    for given in ("../chaos/x.yaml", "chaos/x.yaml", str(tmp_path / "chaos" / "x.yaml")):
        assert find(given, tmp_path / "rehearsals" / "r.yaml") == tmp_path / "chaos" / "x.yaml"
    with pytest.raises(BadInput, match=r"There is no experiment y\.yaml"):
        find("y.yaml", tmp_path / "rehearsals" / "r.yaml")


def test_a_plan_that_reaches_too_far_is_vetoed_before_it_runs() -> None:
    from tests.faults.test_process import ROOT, kill, plan_of

    def found(fault: PlannedFault, limits: Limits | None = None) -> list[str]:
        plan = plan_of(fault, "crm")
        return vetoes(plan, Allowed(limits=limits or Limits()))

    assert (ROOT / "chaos").is_dir()
    assert found(kill(count=2)) == []
    assert "more than max_pods 1" in found(kill(count=2), Limits(max_pods=1))[0]
    assert "max_seconds 10" in found(kill(), Limits(max_seconds=10))[0]
    assert "names the namespace 'kube-system'" in found(kill(namespace="kube-system"))[0]
    assert "empty selector" in found(kill(selector=""))[0]
