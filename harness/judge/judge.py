"""Judging a run: pure, from the record alone, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

import harness
from harness.errors import BadInput
from harness.expectations.base import Case, Expectation, Finding, Result
from harness.expectations.evidence import GRAIN, Evidence, clock
from harness.expectations.names import fault_of
from harness.expectations.registry import read
from harness.judge.disturbance import undisturbed
from harness.judge.faults import fault_finding
from harness.judge.sources import load_finding, observer_findings
from harness.judge.verdict import Verdict, add_up, exit_code
from harness.plan.model import Plan, PlannedExpectation
from harness.record.reader import RecordReader

HARNESS_SOURCES = frozenset({"load"})
"""Sources whose silence says that the harness did not do its part: invalid, where others' silence is no data."""


def judge(run: Path) -> Verdict:
    """The verdict on the run in a folder. Raises BadInput where there is no readable record, or none of a plan."""
    with RecordReader(run) as record:
        return judge_record(record, run.resolve().name)


def judge_record(record: RecordReader, name: str) -> Verdict:
    """The verdict on an open record, also while it is still being written: what has not come yet is no_data."""
    plan = plan_of(record)
    evidence = Evidence(record, plan)
    found = (
        *(finding for planned in plan.expectations for finding in judge_expectation(planned, plan, evidence)),
        *(fault_finding(fault, evidence) for fault in plan.faults),
        *load_finding(evidence),
        *observer_findings(evidence),
    )
    findings = tuple(undisturbed(finding, evidence) for finding in found)
    outcome = evidence.outcome.get("result")
    whole = add_up(findings, str(outcome) if outcome is not None else None)
    started = float((record.meta("t0") or {}).get("at") or evidence.moment("start") or evidence.horizon)
    reason = str(evidence.outcome.get("reason") or "")
    if not evidence.outcome:
        reason = "the run died, or is not over: it recorded no outcome"
    return Verdict(
        run=name,
        rehearsal=plan.rehearsal,
        target=str((record.meta("target") or {}).get("name") or ""),
        lapse=plan.lapse,
        result=whole,
        exit_code=exit_code(whole),
        reason=reason,
        started=started,
        ended=max(started, evidence.horizon),
        harness=harness.__version__,
        host=record.meta("host") or {},
        findings=findings,
    )


def plan_of(record: RecordReader) -> Plan:
    """The plan that the run followed. Raises BadInput where the record has none that can be read."""
    planned = record.meta("plan")
    if planned is None:
        raise BadInput(f"{record.path} holds no plan: the run ended before it began; run it again.")
    try:
        return Plan.model_validate(planned)
    except ValidationError as error:
        raise BadInput(
            f"{record.path} holds a plan that this version cannot read ({error.error_count()} differences); "
            "judge it with the version that ran it."
        ) from None


def judge_expectation(planned: PlannedExpectation, plan: Plan, evidence: Evidence) -> Sequence[Finding]:
    """The findings of one expectation, at least one."""
    case = Case(planned, plan, evidence.record, evidence)
    try:
        expectation = read(planned.spec)
    except (BadInput, ValidationError) as error:
        reason = f"its kind cannot be read: {' '.join(str(error).split())}"
        return [case.finding(Result.INVALID, planned.id, "not judged", reason=reason)]
    early = _not_come(case, expectation) or _without_effect(case, expectation)
    findings: Sequence[Finding] = [early] if early else ()
    if not early:
        try:
            findings = expectation.judge(case)
        except Exception as error:  # a kind from elsewhere may fail in any way, and must not take the verdict with it
            reason = f"its judge failed: {type(error).__name__}: {error}"
            findings = [case.finding(Result.INVALID, planned.id, "not judged", reason=reason)]
        findings = [_settled(finding, case, expectation) for finding in findings]
    if not findings:
        findings = [case.finding(Result.NO_DATA, planned.id, "nothing", reason="its judge found nothing to say")]
    allowed = expectation.allow_no_data
    return [replace(one, allowed=allowed) if allowed and one.result is Result.NO_DATA else one for one in findings]


def _not_come(case: Case, expectation: Expectation) -> Finding | None:
    """Where a moment that the expectation is bound to never came, there is nothing to judge."""
    wanted = case.planned.source.sentence or expectation.id
    for name in expectation.moments():
        if case.moment(name) is None:
            reason = f"{_ended(case.evidence)} before {name} came"
            fault = fault_of(name)
            if fault and case.evidence.outcome.get("result") == "completed":
                why = case.evidence.fault(fault).no_effect
                reason = f"the fault {fault} had no effect: {why}" if why else f"{name} never came"
                return case.finding(Result.INVALID, wanted, "not judged", reason=reason)
            return case.finding(Result.NO_DATA, wanted, "not judged", reason=reason)
    return None


def _without_effect(case: Case, expectation: Expectation) -> Finding | None:
    """What follows a fault cannot be judged where the fault had no effect."""
    wanted = case.planned.source.sentence or expectation.id
    for name in expectation.moments():
        fault = fault_of(name)
        if fault is not None and (story := case.evidence.fault(fault)).effect is None:
            at = case.moment(name)
            reason = f"the fault {fault} did not prove an effect" + (f" ({story.no_effect})" if story.no_effect else "")
            return case.finding(Result.INVALID, wanted, "not judged", reason=reason, since=at)
    return None


def _settled(finding: Finding, case: Case, expectation: Expectation) -> Finding:
    """The finding, unless the run ended or a source was silent in the stretch that it speaks of."""
    if finding.certain or finding.result is Result.INVALID or finding.since is None:
        return finding
    until = finding.until if finding.until is not None else finding.since
    evidence = case.evidence
    if evidence.horizon < until - GRAIN:
        early = f"{_ended(evidence)} {clock(until - evidence.horizon)} before this could be judged"
        return replace(finding, result=Result.NO_DATA, reason=_joined(early, finding.reason))
    for source in sorted(expectation.needs):
        holes = evidence.holes(source, finding.since, until)
        holes = [hole for hole in holes if hole.whole > expectation.tolerates]
        if holes:
            result = Result.INVALID if source in HARNESS_SOURCES else Result.NO_DATA
            away = clock(max(hole.until - hole.since for hole in holes))
            reason = f"{source} saw nothing for {away} of it: {holes[0].reason}"
            return replace(finding, result=result, reason=_joined(reason, finding.reason))
    return finding


def _joined(first: str, second: str) -> str:
    return f"{first}; {second}" if second else first


def _ended(evidence: Evidence) -> str:
    result = evidence.outcome.get("result")
    if result is None:
        return "the record ends"
    return "the run ended" if result == "completed" else f"the run was {result}"
