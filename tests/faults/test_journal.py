from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from harness.faults.journal import effect, judge, undone

Json = dict[str, Any]


def activity(name: str, kind: str = "probe") -> Json:
    return {"name": name, "type": kind, "provider": {"type": "python"}}


def run(name: str, kind: str = "probe", output: Any = True) -> Json:
    return {"activity": activity(name, kind), "status": "succeeded", "output": output}


def good(strategy: str = "default") -> Json:
    state = {"steady_state_met": True, "probes": [{**run("steady"), "tolerance_met": True}]}
    return {
        "status": "completed",
        "deviated": False,
        "experiment": {
            "steady-state-hypothesis": {"title": "t", "probes": [activity("steady")]},
            "runtime": {"hypothesis": {"strategy": strategy}},
            "method": [activity("do", "action"), activity("effect: it is broken")],
            "rollbacks": [activity("undo: mend", "action"), activity("undo: it is mended")],
        },
        "steady_states": {"before": state, "after": copy.deepcopy(state), "during": []},
        "run": [run("do", "action", None), run("effect: it is broken", output={"seen": True})],
        "rollbacks": [run("undo: mend", "action", None), run("undo: it is mended")],
    }


def test_a_journal_in_which_all_went_as_planned_has_no_problem() -> None:
    for strategy in ("default", "before-method-only"):
        journal = good(strategy)
        assert judge(journal) == []
        assert effect(journal)
        assert undone(journal)


def out_of_tolerance_before(journal: Json) -> None:
    """As chaoslib 1.44 leaves it: completed, not deviated."""
    journal["steady_states"]["before"] = {
        "steady_state_met": False,
        "probes": [{**run("steady", output=7), "tolerance_met": False}],
    }


def failing_action(journal: Json) -> None:
    journal["run"][0].update(status="failed", exception=["Traceback...", "chaoslib.exceptions.ActivityFailed: boom\n"])


CASES: list[tuple[Callable[[Json], object], str]] = [
    (lambda j: j.update(status="interrupted"), "ended as 'interrupted'"),
    (lambda j: j.update(status="aborted"), "ended as 'aborted'"),
    (out_of_tolerance_before, "'steady' before the method was out of tolerance: 7"),
    (lambda j: j["steady_states"].update(before=None), "never looked at before"),
    (lambda j: j["steady_states"].update(after=None), "never looked at after"),
    (lambda j: j["steady_states"]["after"].update(steady_state_met=False), "not met after"),
    (lambda j: j["steady_states"]["before"].update(probes=[]), "not met before"),
    (lambda j: j["steady_states"].update(during=[{"steady_state_met": False, "probes": []}]), "not met during"),
    (lambda j: j["experiment"].pop("steady-state-hypothesis"), "no steady-state hypothesis"),
    (lambda j: j.update(deviated=True), "deviated"),
    (failing_action, "'do': boom"),
    (lambda j: j["run"][0].pop("status"), "'do': was broken off"),
    (lambda j: j["run"].pop(), "only 1 of 2 activities of the method"),
    (lambda j: j["run"][1].update(output={"seen": False, "usage": 0.1}), "the effect was not seen"),
    (lambda j: j["run"][1].update(output=None), "the effect was not seen"),
    (lambda j: j["rollbacks"].pop(), "only 1 of 2 activities of the rollbacks"),
    (lambda j: j.update(rollbacks=[]), "only 0 of 2"),
    (lambda j: j["rollbacks"][1].update(output=False), "'undo: it is mended' did not find it taken back"),
    (lambda j: j["rollbacks"][0].update(status="failed"), "'undo: mend': ended as 'failed'"),
    (lambda j: j["experiment"].update(method=[], rollbacks=[]), "cannot be proven"),
    (lambda j: j["experiment"].update(dry="actions"), "ran dry"),
    (lambda j: j.clear(), "ended as 'None'"),
]


@pytest.mark.parametrize(("spoil", "problem"), CASES, ids=[problem for _, problem in CASES])
def test_everything_that_went_otherwise_is_a_problem(spoil: Callable[[Json], object], problem: str) -> None:
    journal = good()
    spoil(journal)
    assert any(problem in found for found in judge(journal)), judge(journal)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda j: j["run"].pop(),
        lambda j: j["run"][1].update(output={"seen": False}),
        lambda j: j["run"][1].update(status="failed"),
        lambda j: j["experiment"].update(method=[activity("do", "action")]),
        lambda j: j.clear(),
    ],
)
def test_an_effect_that_no_probe_saw_is_none(spoil: Callable[[Json], object]) -> None:
    journal = good()
    spoil(journal)
    assert not effect(journal)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda j: j["rollbacks"].pop(),
        lambda j: j["rollbacks"][1].update(output={"seen": False}),
        lambda j: j["rollbacks"][0].update(status="failed"),
        lambda j: j["rollbacks"][0].pop("status"),
        lambda j: j["experiment"].update(rollbacks=[]),
    ],
)
def test_a_rollback_that_was_not_proven_is_not_undone(spoil: Callable[[Json], object]) -> None:
    journal = good()
    spoil(journal)
    assert not undone(journal)
