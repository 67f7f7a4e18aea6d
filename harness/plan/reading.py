"""A rehearsal file -> plan: reads every file it names, and says everything that is wrong with them at once."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import BadInput, Problem
from harness.expectations.registry import kinds
from harness.plan.artefacts import Artefacts, read_artefacts
from harness.plan.model import Plan
from harness.plan.planning import plan
from harness.plan.rehearsal import Rehearsal, load_rehearsal
from harness.runbook.runbook import Runbook, load_runbook
from harness.traffic.profile import Profile, load_profile


def read_plan(path: Path, lapse: float | None = None) -> Plan:
    """The plan of a rehearsal file. `lapse` overrides the file's. Raises BadInput with every problem of every file."""
    rehearsal, runbook, profile, artefacts = read_inputs(path)
    return plan(rehearsal, runbook, profile, artefacts, lapse)


def read_inputs(path: Path) -> tuple[Rehearsal, Runbook, Profile, Artefacts]:
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
    except BadInput as error:
        problems += error.problems
    if problems or runbook is None or profile is None or artefacts is None:
        raise BadInput(problems)
    return rehearsal, runbook, profile, artefacts


def beside(rehearsal: Rehearsal, name: str) -> Path:
    """A path as written in the file, as a person would name it from where the command runs."""
    return Path(os.path.normpath(rehearsal.path.parent / name))
