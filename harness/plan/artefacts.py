"""The files a rehearsal names, read: rules, Alertmanager's configuration, experiments. Thin edge before the pure plan."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from harness.errors import BadInput, Problem
from harness.plan.rehearsal import FaultSpec, Rehearsal
from harness.source import Loc, Located, load_yaml


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What the plan reads of the deployed system. `manifests`: the rendered chart, empty where it was not rendered."""

    rules: tuple[Located, ...] = ()
    alertmanager: Located | None = None
    experiments: Mapping[str, Located] = field(default_factory=dict)
    manifests: tuple[dict[str, Any], ...] = ()

    @property
    def alerts(self) -> frozenset[str]:
        """Names of all alerts in the rule files."""
        return frozenset(
            str(rule["alert"])
            for located in self.rules
            for group in (located.value or {}).get("groups") or []
            for rule in group.get("rules") or []
            if "alert" in rule
        )


def read_artefacts(rehearsal: Rehearsal) -> Artefacts:
    """Read every file that the rehearsal names. Raises BadInput with every one that is missing or broken."""
    system = rehearsal.spec.system
    problems: list[Problem] = []
    if system.chart is not None and not (rehearsal.resolve(system.chart) / "Chart.yaml").is_file():
        text = f"There is no Helm chart at {system.chart} (no Chart.yaml in it); check the path"
        problems.append(rehearsal.problem(text, "system", "chart"))
    for key in ("sql", "images"):
        for index, name in enumerate(getattr(system, key)):
            if not rehearsal.resolve(name).exists():
                problems.append(_missing(rehearsal, name, ("system", key, index)))
    rules = [
        _read(rehearsal, str(path), ("system", "rules", index), problems)
        for index, name in enumerate(system.rules)
        for path in _matching(rehearsal, name, ("system", "rules", index), problems)
    ]
    alertmanager = None
    if system.alertmanager is not None:
        alertmanager = _read(rehearsal, system.alertmanager, ("system", "alertmanager"), problems)
    experiments = {}
    for index, fault in enumerate(rehearsal.spec.faults):
        experiment = _read(rehearsal, fault.experiment, ("faults", index, "experiment"), problems)
        if experiment is not None:
            experiments[fault.id] = experiment
            problems += _configuration(rehearsal, index, fault, experiment)
    if problems:
        raise BadInput(problems)
    return Artefacts(tuple(one for one in rules if one), alertmanager, experiments)


def _matching(rehearsal: Rehearsal, name: str, loc: Loc, problems: list[Problem]) -> list[Path]:
    found = [Path(path) for path in sorted(glob.glob(str(rehearsal.resolve(name))))]
    if not found:
        problems.append(_missing(rehearsal, name, loc))
    return found


def _read(rehearsal: Rehearsal, name: str, loc: Loc, problems: list[Problem]) -> Located | None:
    path = rehearsal.resolve(name)
    if not path.is_file():
        problems.append(_missing(rehearsal, name, loc))
        return None
    try:
        located = load_yaml(path)
    except BadInput as error:
        problems += error.problems
        return None
    if not isinstance(located.value, dict):
        problems.append(Problem("Expected keys and values, found something else", located.position(())))
        return None
    return located


def _configuration(rehearsal: Rehearsal, index: int, fault: FaultSpec, experiment: Located) -> Iterator[Problem]:
    known = list(experiment.value.get("configuration") or {})
    for key in fault.configuration:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it knows {', '.join(known) or 'none'}"
            text = f"{fault.experiment} has no configuration '{key}'; {hint}"
            yield rehearsal.problem(text, "faults", index, "configuration", key)


def _missing(rehearsal: Rehearsal, name: str, loc: Loc) -> Problem:
    return rehearsal.problem(f"There is no file {name} (looked at {rehearsal.resolve(name)}); check the path", *loc)
