"""Whether the harness itself could do its part: the load generator kept its intentions, the observers saw."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.expectations.base import Finding, Result
from harness.expectations.evidence import GRAIN, SILENCE_LIMIT, Evidence, clock, milliseconds
from harness.expectations.scope import Generator

OBSERVERS = ("alertmanager", "control-plane", "ledger", "prometheus", "receiver", "watch")
"""Sources that every run has; others are judged where they appear."""
RATE_TOLERANCE = 0.05
"""How far the number of intended arrivals may lie from the plan, beside what chance explains (four standard deviations)."""


def load_finding(evidence: Evidence) -> Iterator[Finding]:
    """The finding of kind `load`; none where the plan has no load."""
    planned = _planned_arrivals(evidence)
    if not planned:
        return
    since, until = _stretch(evidence)
    bounds = evidence.plan.bounds
    generator = Generator.of(evidence.arrivals)
    wanted = f"arrivals as planned, lag p99 within {milliseconds(bounds.lag_p99)}"
    wanted += f", at most {bounds.not_started * 100:.3g} % not started"
    observed = f"{generator.intended:,} intended, {generator.not_started:,} not started"
    observed += f", lag p99 {milliseconds(generator.lag_p99)}"
    result, reasons = Result.PASS, []
    if evidence.horizon <= since:
        result, reasons, until = Result.NO_DATA, ["the run ended before it began"], since - 1
    elif evidence.moment("end") is None:
        result, reasons = Result.NO_DATA, ["the run ended before its load did"]
    for hole in evidence.holes("load", since, until)[:1]:
        result, reasons = Result.INVALID, [f"the generator was away for {clock(hole.until - hole.since)}: {hole.reason}"]
    if result is Result.PASS:
        weakness = generator.weakness(bounds)
        reasons = [*([weakness] if weakness else []), *_rate_errors(evidence, planned)]
        result = Result.INVALID if reasons else Result.PASS
    yield Finding(
        id="load",
        kind="load",
        subject="",
        result=result,
        wanted=wanted,
        observed=observed,
        reason="; ".join(reasons),
        since=since,
        until=max(since, until),
        evidence={
            "planned": {territory: round(count, 1) for territory, count in planned.items()},
            "intended": generator.intended,
            "started": generator.started,
            "not_started": generator.not_started,
            "lag_p99_ms": round(generator.lag_p99 * 1000, 3),
        },
    )


def observer_findings(evidence: Evidence) -> Iterator[Finding]:
    """One finding of kind `observer` for each source that watches the system."""
    since, until = _stretch(evidence)
    others = {name for name in evidence.sources if name != "load" and not name.startswith("fault:")}
    for source in sorted(others | set(OBSERVERS)):
        holes = [hole for hole in evidence.holes(source, since, until) if hole.until - hole.since > GRAIN]
        away = sum(hole.until - hole.since for hole in holes)
        long = [hole for hole in holes if hole.until - hole.since > SILENCE_LIMIT]
        result = Result.PASS
        reason = "; ".join(hole.reason for hole in (long or holes)[:3])
        if long:
            result = Result.NO_DATA
        elif evidence.horizon <= since:
            result, reason = Result.NO_DATA, "the run ended before it began"
        yield Finding(
            id=source,
            kind="observer",
            subject="",
            result=result,
            wanted=f"no gap longer than {clock(SILENCE_LIMIT)}",
            observed=f"away for {clock(away)}" if holes else "always there",
            reason=reason,
            since=since,
            until=until,
            evidence={"gaps": [{"since": hole.since, "until": hole.until, "reason": hole.reason} for hole in holes[:20]]},
        )


def _stretch(evidence: Evidence) -> tuple[float, float]:
    began = evidence.moment("start") or (evidence.record.meta("t0") or {}).get("at") or evidence.horizon
    return float(began), max(float(began), evidence.moment("end") or evidence.horizon)


def _planned_arrivals(evidence: Evidence) -> dict[str, float]:
    """Arrivals by territory that the plan's phases add up to: each rate runs straight from its start to its end."""
    planned: dict[str, float] = {}
    for phase in evidence.plan.phases:
        for territory, (first, last) in phase.rates.items():
            planned[territory] = planned.get(territory, 0.0) + (first + last) / 2 * (phase.end - phase.start)
    return {territory: count for territory, count in sorted(planned.items()) if count > 0}


def _rate_errors(evidence: Evidence, planned: dict[str, float]) -> Iterator[str]:
    for territory, wanted in planned.items():
        intended = sum(row.intended for row in evidence.arrivals if row.territory == territory)
        if abs(intended - wanted) > RATE_TOLERANCE * wanted + 4 * math.sqrt(wanted):
            yield f"{territory} was to get {wanted:,.0f} arrivals and the generator intended {intended:,}"
