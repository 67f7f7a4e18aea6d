"""A rehearsal file -> plan: reads every file it names, and says everything that is wrong with them at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import BadInput, Problem
from harness.expectations.registry import kinds
from harness.plan.artefacts import Artefacts, read_artefacts
from harness.plan.model import Plan
from harness.plan.planning import plan
from harness.plan.rehearsal import Rehearsal, load_rehearsal
from harness.runbook.runbook import Runbook, load_runbook
from harness.traffic.profile import Profile, load_profile

Render = Callable[[Path, str, Mapping[str, Any]], list[dict[str, Any]]]
"""Chart, namespace, values -> manifests. Raises BadInput."""


def read_plan(path: Path, lapse: float | None = None, render: Render | None = None) -> Plan:
    """The plan of a rehearsal file. `lapse` overrides the file's. Raises BadInput with every problem of every file.

    With `render` the constants of the chart's ScaledObjects are listed too.
    """
    rehearsal, runbook, profile, artefacts = read_inputs(path, render)
    return plan(rehearsal, runbook, profile, artefacts, lapse)


def read_inputs(path: Path, render: Render | None = None) -> tuple[Rehearsal, Runbook, Profile, Artefacts]:
    """Every file a rehearsal needs for its plan, read. Raises BadInput with every problem of every file."""
    rehearsal = load_rehearsal(path)
    problems: list[Problem] = []
    runbook = profile = artefacts = None
    runbook_path = beside(rehearsal, rehearsal.spec.runbook.partition("#")[0])
    profile_path = beside(rehearsal, rehearsal.spec.profile)
    for key, named in (("runbook", runbook_path), ("profile", profile_path)):
        if not named.is_file():
            problems.append(rehearsal.problem(f"There is no file {named}; check the path", key))
    try:
        runbook = load_runbook(runbook_path, kinds()) if runbook_path.is_file() else None
    except BadInput as error:
        problems += error.problems
    try:
        profile = load_profile(profile_path) if profile_path.is_file() else None
    except BadInput as error:
        problems += error.problems
    try:
        artefacts = read_artefacts(rehearsal)
        if render is not None and rehearsal.spec.system.chart is not None:
            artefacts = replace(artefacts, manifests=_manifests(rehearsal, render))
    except BadInput as error:
        problems += error.problems
    if problems or runbook is None or profile is None or artefacts is None:
        raise BadInput(problems)
    return rehearsal, runbook, profile, artefacts


def _manifests(rehearsal: Rehearsal, render: Render) -> tuple[dict[str, Any], ...]:
    system = rehearsal.spec.system
    try:
        return tuple(render(rehearsal.resolve(str(system.chart)), system.namespace, system.values))
    except BadInput as error:
        raise BadInput([rehearsal.problem(problem.text, "system", "chart") for problem in error.problems]) from None


def beside(rehearsal: Rehearsal, name: str) -> Path:
    """A path as written in the file, as a person would name it from where the command runs."""
    return Path(os.path.normpath(rehearsal.path.parent / name))
