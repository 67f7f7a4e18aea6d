"""What a chaostoolkit journal really says. Its own status stays `completed` over failed actions and a hypothesis that did
not hold before; here every activity and every steady state counts. Pure functions over the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

EFFECT = "effect:"
"""How the names of probes begin that prove the effect."""

UNDO = "undo:"
"""How the names of rollbacks begin that take the effect back and prove it."""

_BEFORE = ("default", "before-method-only", "continuously", "continously")
_AFTER = ("default", "after-method-only", "continuously", "continously")


def judge(journal: Json) -> list[str]:
    """Everything in the journal that keeps the fault from counting as carried out; empty when all of it went as planned."""
    experiment: Json = journal.get("experiment") or {}
    problems = []
    if journal.get("status") != "completed":
        problems.append(f"the experiment ended as '{journal.get('status')}'")
    if experiment.get("dry"):
        problems.append("the experiment ran dry: nothing was done")
    problems += _steady_states(journal, experiment)
    problems += _activities("method", experiment.get("method") or [], journal.get("run") or [])
    problems += _activities("rollbacks", experiment.get("rollbacks") or [], journal.get("rollbacks") or [])
    if not _named(experiment.get("method") or [], EFFECT):
        problems.append(f"the method has no probe named '{EFFECT} ...', so its effect cannot be proven")
    elif not _all_seen(_runs(journal.get("run"), EFFECT)):
        problems.append("the effect was not seen")
    if not _named(experiment.get("rollbacks") or [], UNDO):
        problems.append(f"there is no rollback named '{UNDO} ...', so it cannot be proven that the fault was taken back")
    problems += [
        f"'{name(run)}' did not find it taken back" for run in _runs(journal.get("rollbacks"), UNDO) if not good(run)
    ]
    return problems


def effect(journal: Json) -> bool:
    """Whether every effect probe of the method ran and saw the effect; False where there is none."""
    wanted = len(_named((journal.get("experiment") or {}).get("method") or [], EFFECT))
    runs = _runs(journal.get("run"), EFFECT)
    return 0 < wanted == len(runs) and _all_seen(runs)


def undone(journal: Json) -> bool:
    """Whether every rollback ran, and every `undo:` one found its postcondition."""
    experiment: Json = journal.get("experiment") or {}
    wanted, runs = experiment.get("rollbacks") or [], journal.get("rollbacks") or []
    return bool(_named(wanted, UNDO)) and len(runs) == len(wanted) and all(good(run) for run in runs)


def good(run: Json) -> bool:
    """Whether an activity succeeded; a probe must also have said yes."""
    if run.get("status") != "succeeded":
        return False
    return (run.get("activity") or {}).get("type") != "probe" or seen(run.get("output"))


def seen(output: Any) -> bool:
    """Whether a probe said yes: a mapping by its `seen`, anything else by its truth."""
    if isinstance(output, dict) and "seen" in output:
        return bool(output["seen"])
    return bool(output)


def name(run: Json) -> str:
    """The name of the activity that a run is of."""
    return str((run.get("activity") or {}).get("name", "an activity without a name"))


def _steady_states(journal: Json, experiment: Json) -> list[str]:
    hypothesis = experiment.get("steady-state-hypothesis") or {}
    if not hypothesis.get("probes"):
        return ["the experiment has no steady-state hypothesis"]
    runtime = (experiment.get("runtime") or {}).get("hypothesis") or {}
    strategy = runtime.get("strategy", "default")
    states: Json = journal.get("steady_states") or {}
    problems = []
    for when, strategies in (("before", _BEFORE), ("after", _AFTER)):
        state = states.get(when)
        if state is None:
            if strategy in strategies:
                problems.append(f"the steady state was never looked at {when} the method")
            continue
        problems += _state(f"{when} the method", state, len(hypothesis["probes"]))
    for state in states.get("during") or []:
        problems += _state("during the method", state, len(hypothesis["probes"]))
    if journal.get("deviated") and not problems:
        problems.append("the experiment deviated from its steady state")
    return problems


def _state(when: str, state: Json, wanted: int) -> list[str]:
    probes = state.get("probes") or []
    problems = []
    for run in probes:
        if run.get("status") != "succeeded":
            problems.append(f"'{name(run)}' {when}: {_why(run)}")
        elif not run.get("tolerance_met"):
            problems.append(f"'{name(run)}' {when} was out of tolerance: {run.get('output')!r}")
    if not problems and (not state.get("steady_state_met") or len(probes) != wanted):
        problems.append(f"the steady state was not met {when}")
    return problems


def _activities(part: str, wanted: Sequence[Json], runs: Sequence[Json]) -> list[str]:
    problems = [f"'{name(run)}': {_why(run)}" for run in runs if run.get("status") != "succeeded"]
    if len(runs) < len(wanted):
        problems.append(f"only {len(runs)} of {len(wanted)} activities of the {part} were begun")
    return problems


def _why(run: Json) -> str:
    """Why an activity did not succeed: the last line of its exception, or that it never came to an end."""
    if "status" not in run:
        return "was broken off"
    lines = [line.strip() for line in run.get("exception") or () if line.strip()]
    return lines[-1].split("ActivityFailed: ", 1)[-1] if lines else f"ended as '{run['status']}'"


def _named(activities: Sequence[Json], prefix: str) -> list[Json]:
    return [activity for activity in activities if str(activity.get("name", "")).startswith(prefix)]


def _runs(runs: Sequence[Json] | None, prefix: str) -> list[Json]:
    return [run for run in runs or [] if name(run).startswith(prefix)]


def _all_seen(runs: Sequence[Json]) -> bool:
    return bool(runs) and all(run.get("status") == "succeeded" and seen(run.get("output")) for run in runs)
