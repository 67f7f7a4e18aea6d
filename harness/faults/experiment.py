"""A chaostoolkit experiment as a planned fault uses it: found, checked, with its configuration in effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaoslib import substitute
from chaoslib.configuration import load_configuration
from chaoslib.exceptions import ChaosException
from chaoslib.secret import load_secrets
from chaoslib.types import Strategy

from harness.errors import BadInput, Problem
from harness.plan.model import Plan, PlannedFault
from harness.safety.guard import Allowed, Radius, exceeds
from harness.source import Located, load_yaml
from harness.target.base import Target

Json = dict[str, Any]
EXTENSION = "generalprobe"


@dataclass(frozen=True, slots=True)
class Experiment:
    """`body`: the document as chaostoolkit reads it. `configuration`: values in effect, the plan's over the file's."""

    planned: PlannedFault
    path: Path
    body: Json
    configuration: Json
    radius: Radius
    strategy: Strategy


def load(planned: PlannedFault, rehearsal: Path) -> Experiment:
    """Read and check the experiment of a planned fault. Raises BadInput with the file and line of every problem."""
    path = find(planned.experiment, rehearsal)
    located = load_yaml(path)
    body = located.value
    if not isinstance(body, dict):
        raise BadInput([Problem("Expected a chaostoolkit experiment", located.position(()))])
    problems = _problems(planned, located)
    if problems:
        raise BadInput(problems)
    try:
        configuration: Json = load_configuration(body.get("configuration") or {}, dict(planned.configuration))
        reach = _extension(body).get("blast_radius") or {}
        reach = {key: substitute(value, configuration, {}) for key, value in reach.items()}
        radius = Radius(
            fault=planned.id,
            seconds=max(planned.timeout, float(reach.get("seconds") or 0)),
            pods=int(reach.get("pods") or 0),
            of=str(reach["of"]) if "of" in reach else None,
        )
    except ChaosException as error:
        raise BadInput([Problem(f"{error}", located.position(("configuration",)))]) from None
    except (TypeError, ValueError) as error:
        raise BadInput([Problem(f"The blast radius is not a number: {error}", located.position(("extensions",)))]) from None
    return Experiment(planned, path, body, configuration, radius, _strategy(located))


def find(experiment: str, rehearsal: Path) -> Path:
    """The experiment's file: absolute, beside the rehearsal, or below one of its parent folders or this one."""
    given = Path(experiment)
    folders = [rehearsal.parent, *rehearsal.resolve().parent.parents, Path.cwd()]
    candidates = [given] if given.is_absolute() else [folder / given for folder in folders]
    for path in candidates:
        if path.is_file():
            return path.resolve()
    raise BadInput(f"There is no experiment {experiment} beside {rehearsal} or above it; check 'experiment:' of the fault.")


def vetoes(plan: Plan, permitted: Allowed) -> list[str]:
    """Everything in the plan's faults that reaches too far, before anything runs. Raises BadInput."""
    found = []
    for planned in plan.faults:
        experiment = load(planned, Path(plan.path))
        found += exceeds(experiment.radius, permitted.limits)
        namespace = experiment.configuration.get("namespace", plan.system.namespace)
        if "namespace" in planned.configuration and namespace != plan.system.namespace:
            found.append(f"{planned.id} names the namespace '{namespace}', the rehearsal '{plan.system.namespace}'")
    return found


def secrets(experiment: Experiment) -> set[str]:
    """The values of the experiment's own secrets, as the environment has them; names of files are none. Raises BadInput."""
    try:
        loaded = load_secrets(experiment.body.get("secrets") or {}, experiment.configuration)
    except ChaosException as error:
        raise BadInput(f"{experiment.path.name}: {error}") from None
    return {value for value in _texts(loaded) if not Path(value).is_file()}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def _problems(planned: PlannedFault, located: Located) -> list[Problem]:
    body: Json = located.value
    problems = []
    declared = body.get("configuration") or {}
    for key in planned.configuration:
        if key not in declared:
            known = ", ".join(sorted(declared))
            problems.append(
                Problem(
                    f"{planned.id}: the experiment has no configuration '{key}' (it has {known})",
                    located.position(("configuration",)),
                )
            )
    for part, prefix in (("method", "effect:"), ("rollbacks", "undo:")):
        if not any(str(a.get("name", "")).startswith(prefix) for a in body.get(part) or [] if isinstance(a, dict)):
            problems.append(
                Problem(f"The {part} need an activity named '{prefix} ...' that proves it", located.position((part,)))
            )
    if not (body.get("steady-state-hypothesis") or {}).get("probes"):
        problems.append(Problem("The experiment needs a steady-state-hypothesis with probes", located.position(())))
    if not _extension(body).get("blast_radius"):
        problems.append(
            Problem(f"'extensions' needs {{name: {EXTENSION}, blast_radius: ...}}", located.position(("extensions",)))
        )
    return problems


def _strategy(located: Located) -> Strategy:
    """When the steady state is looked at, as the experiment says. Raises BadInput."""
    given = ((located.value.get("runtime") or {}).get("hypothesis") or {}).get("strategy", "default")
    try:
        return Strategy.from_string(given)
    except ValueError:
        position = located.position(("runtime", "hypothesis", "strategy"))
        raise BadInput([Problem(f"chaostoolkit knows no hypothesis strategy '{given}'", position)]) from None


def _extension(body: Json) -> Json:
    found = (each for each in body.get("extensions") or [] if isinstance(each, dict) and each.get("name") == EXTENSION)
    return next(found, {})


def environment(target: Target, target_file: Path, run: str) -> dict[str, str]:
    """What experiments read from the environment, for one target and run."""
    return {
        "KUBECONFIG": str(target.kubeconfig),
        "KUBERNETES_CONTEXT": target.context,
        "GENERALPROBE_NAMESPACE": target.namespace,
        "GENERALPROBE_DATABASE_DSN": target.database_dsn,
        "GENERALPROBE_TARGET": target.name,
        # A file in memory ends with its process: whoever restores later cannot read it.
        "GENERALPROBE_TARGET_FILE": str(target_file.resolve()) if target_file.resolve().is_file() else "",
        "GENERALPROBE_RUN": run,
    }
