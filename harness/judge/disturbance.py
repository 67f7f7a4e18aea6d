"""A machine that was not ours: what missed its deadline or was not seen while a stranger took the cores says nothing."""

from __future__ import annotations

from dataclasses import replace

from harness.expectations.base import Finding, Result
from harness.expectations.evidence import Evidence
from harness.record.rows import FOREIGN_CORES

BOUND_CORES = 0.5
"""So many cores may be busy with something else, averaged over SPAN_SECONDS, before a failure there counts for nothing."""
SPAN_SECONDS = 10.0
"""Long enough not to mistake a process that just ended for a stranger, short enough to spoil twenty first requests."""
LEAD_SECONDS = 30.0
"""Whoever took the cores shortly before a stretch has a part in what happened in it."""


def undisturbed(finding: Finding, evidence: Evidence) -> Finding:
    """The finding; INVALID instead of FAIL or NO_DATA where something else kept the machine busy. A pass stays a pass."""
    if finding.result not in (Result.FAIL, Result.NO_DATA):
        return finding
    since = finding.since if finding.since is not None else 0.0
    until = finding.until if finding.until is not None else evidence.horizon
    cores = foreign_cores(evidence, since - LEAD_SECONDS, max(until, since))
    if cores is None or cores <= BOUND_CORES:
        return finding
    reason = f"the machine was not ours: something else kept {cores:.1f} cores busy"
    return replace(finding, result=Result.INVALID, reason=f"{reason}; {finding.reason}" if finding.reason else reason)


def foreign_cores(evidence: Evidence, since: float, until: float) -> float | None:
    """The most cores that others kept busy over any SPAN_SECONDS of a stretch; None where that was not seen."""
    samples = evidence.record.select(
        "SELECT at, value FROM samples WHERE name = ? AND at >= ? AND at <= ? ORDER BY at", (FOREIGN_CORES, since, until)
    )
    most, first = None, 0
    for index, (at, _) in enumerate(samples):
        while samples[first][0] <= at - SPAN_SECONDS:
            first += 1
        span = [value for _, value in samples[first : index + 1]]
        if at - samples[first][0] >= SPAN_SECONDS / 2:
            most = max(most or 0.0, sum(span) / len(span))
    return most
