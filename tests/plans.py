"""Plans and targets of runs that need no cluster: only what matters is named, the rest says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.expectations.base import Lapse
from harness.expectations.registry import read
from harness.plan.model import Plan, PlannedExpectation, Source, System
from harness.target.base import Target


def a_plan(**named: Any) -> Plan:
    """A plan of nothing at all but what is named."""
    unnamed: dict[str, Any] = {
        "rehearsal": "test",
        "path": "test.yaml",
        "season": "oktoberfest",
        "runbook": "test.md",
        "lapse": 1,
        "system": System(namespace="crm"),
        "profile": "",
        "seed": 1,
        "phases": [],
        "window": None,
        "faults": [],
        "expectations": [],
        "moments": {},
        "constants": [],
    }
    return Plan(**{**unnamed, **named})


def planned(spec: dict[str, Any], lapse: Lapse, line: int = 1) -> PlannedExpectation:
    """An expectation as a plan has it, from what a runbook says in that line."""
    expectation = read(spec)
    since, until = expectation.stretch()
    return PlannedExpectation(
        id=expectation.id,
        kind=expectation.kind,
        spec=expectation.model_dump(mode="json"),
        source=Source(
            path="runbooks/seasonal.md", line=line, anchor="oktoberfest", heading="Oktoberfest", sentence="So it is."
        ),
        deadlines=expectation.durations(lapse),
        since=since,
        until=until,
    )


def a_target(**named: Any) -> Target:
    """A target of which nothing can be reached but what is named."""
    unnamed: dict[str, Any] = {
        "name": "test",
        "embedded": True,
        "kubeconfig": Path("none"),
        "context": "test",
        "namespace": "crm",
        "lapse": 1,
        "prometheus_url": "http://127.0.0.1:1",
        "alertmanager_url": "http://127.0.0.1:1",
        "database_dsn": "",
        "receiver_port": 1,
    }
    return Target(**{**unnamed, **named})
