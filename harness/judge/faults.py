"""Whether a fault did what it was planned to do, and was undone: chaostoolkit's own exit code does not tell.

It goes on after a failed action, and calls a run completed whose steady state was out of tolerance before it began. So
every activity of its journal is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.expectations.base import Finding, Result
from harness.expectations.evidence import Evidence, clock
from harness.plan.model import PlannedFault
from harness.record.rows import Journal, Json

WANTED = "takes place, proves its effect, is undone"


def fault_finding(fault: PlannedFault, evidence: Evidence) -> Finding:
    """One finding of kind `fault`."""
    story = evidence.fault(fault.id)
    journal = next(iter(reversed(list(evidence.record.rows(Journal, "fault = ?", (fault.id,))))), None)
    span = evidence.fault_span(fault.id)
    result, observed, reason = Result.PASS, "took effect", ""
    if story.started is None and journal is None:
        planned = _planned(fault, evidence)
        ended = evidence.horizon < planned if planned is not None else True
        result, observed = (Result.NO_DATA if ended else Result.INVALID), "did not start"
        reason = "the run ended before it" if ended else "its process recorded no start"
        if story.no_effect is not None:
            result, reason = Result.INVALID, story.no_effect
    elif failed := _undo_failure(story.undo_failed, journal, undone=story.undone is not None):
        result, observed, reason = Result.FAIL, "was not undone", failed
    elif story.effect is None:
        result, observed = Result.INVALID, "no effect"
        reason = story.no_effect or "no effect was proven"
    elif journal is None:
        result, observed, reason = Result.INVALID, "took effect", "chaostoolkit left no journal of it"
    else:
        weak = list(_weaknesses(journal.body))
        deviated = list(_after(journal.body))
        if weak:
            result, observed, reason = Result.INVALID, "did not run as written", "; ".join(weak[:3])
        elif deviated:
            result, observed, reason = Result.FAIL, "the steady state did not come back", "; ".join(deviated[:3])
    if result is Result.PASS and story.effect is not None and story.started is not None:
        observed = f"took effect after {clock(story.effect - story.started)}"
        observed += ", undone" if story.undone is not None else ", nothing to undo"
    return Finding(
        id=fault.id,
        kind="fault",
        subject="",
        result=result,
        wanted=WANTED,
        observed=observed,
        reason=reason,
        since=span[0] if span else None,
        until=span[1] if span else None,
        evidence={"experiment": fault.experiment, "effect_at": story.effect, "undone_at": story.undone},
    )


def _planned(fault: PlannedFault, evidence: Evidence) -> float | None:
    """When it should have started, with time for its process to begin."""
    began = (evidence.record.meta("t0") or {}).get("at") or evidence.moment("start")
    return None if began is None else float(began) + fault.start + fault.timeout


def _undo_failure(said: str | None, journal: Journal | None, *, undone: bool) -> str:
    """Why the fault counts as not undone; empty where it was, or where there was nothing to undo."""
    if said is not None:
        return said
    if journal is None:
        return ""
    owed = (journal.body.get("experiment") or {}).get("rollbacks") or []
    done = journal.body.get("rollbacks") or []
    failed = [_name(run) for run in done if run.get("status") != "succeeded"]
    if failed:
        return f"rollback failed: {', '.join(failed)}"
    if owed and not done and not undone:
        return "its rollbacks did not run"
    return ""


def _weaknesses(journal: Json) -> Iterator[str]:
    """What in a journal shows that the experiment did not run as it is written."""
    status = journal.get("status")
    if status != "completed" and not (status == "failed" and journal.get("deviated")):
        yield f"chaostoolkit says {status}"
    runs = journal.get("run") or []
    if not runs:
        yield "no activity was run"
    for run in runs:
        if run.get("status") != "succeeded":
            yield f"{_name(run)} {run.get('status')}"
        elif run.get("tolerance_met") is False:
            yield f"{_name(run)} was out of tolerance"
    before = (journal.get("steady_states") or {}).get("before")
    for probe in _deviations(before):
        yield f"before it, {probe}"


def _after(journal: Json) -> Iterator[str]:
    yield from _deviations((journal.get("steady_states") or {}).get("after"))


def _deviations(state: Json | None) -> Iterator[str]:
    """Probes of a steady state that failed or were out of tolerance."""
    if not state:
        return
    found = False
    for probe in state.get("probes") or ():
        if probe.get("status") != "succeeded" or probe.get("tolerance_met") is False:
            found = True
            yield f"{_name(probe)} was out of tolerance"
    if state.get("steady_state_met") is False and not found:
        yield "the steady state was not met"


def _name(run: dict[str, Any]) -> str:
    return str((run.get("activity") or {}).get("name") or "an activity")
