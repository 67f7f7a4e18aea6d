"""Rehearsal + runbook + profile + deployed artefacts -> plan. Pure: nothing is read, nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches

from harness.errors import BadInput, Problem
from harness.expectations.base import Expectation, Lapse, World
from harness.plan.artefacts import Artefacts
from harness.plan.controls import lapsed_controls, scaling_of
from harness.plan.lapse import lapsed_alertmanager, lapsed_manifests, lapsed_rules
from harness.plan.model import Abort, Bounds, Constant, Controls, Plan, PlannedExpectation, System
from harness.plan.rehearsal import Rehearsal
from harness.plan.timeline import Timeline, Traffic, lay_out
from harness.runbook.runbook import Promise, Runbook
from harness.source import Loc


def plan(
    rehearsal: Rehearsal, runbook: Runbook, traffic: Traffic, artefacts: Artefacts, lapse: float | None = None
) -> Plan:
    """Everything that will be done and checked. `lapse` overrides the rehearsal's. Raises BadInput with every problem."""
    spec = rehearsal.spec
    factor = spec.lapse if lapse is None else lapse
    timeline, problems = lay_out(rehearsal, traffic, artefacts)
    promises = _selected(rehearsal, runbook, problems)
    world = _world(rehearsal, traffic, artefacts, timeline)
    problems += _unbound(promises, world)
    problems += _not_deployed(rehearsal, world, artefacts)
    controls = _controls(rehearsal)
    constants: list[Constant] = []
    unscaled_for = _unscaled_for(rehearsal, artefacts, problems)
    try:
        constants = list(_constants(controls, artefacts, factor, unscaled_for))
    except BadInput as error:
        problems += error.problems
    if problems:
        raise BadInput(problems)
    span = Lapse(factor, spec.unscaled.pod_start, spec.unscaled.pipeline)
    return Plan(
        rehearsal=spec.name,
        path=str(rehearsal.path.resolve()),
        season=spec.season,
        runbook=_runbook_name(rehearsal, runbook),
        lapse=factor,
        system=_system(rehearsal, artefacts),
        profile=str(rehearsal.resolve(spec.profile)),
        seed=spec.seed,
        phases=list(timeline.phases),
        window=timeline.window,
        faults=list(timeline.faults),
        expectations=[_bound(promise, span) for promise in promises],
        moments=dict(timeline.moments),
        constants=constants,
        controls=controls,
        unscaled_for=unscaled_for,
        bounds=Bounds(lag_p99=spec.bounds.lag_p99.total_seconds(), not_started=spec.bounds.not_started),
        abort=Abort(
            error_rate=spec.abort.error_rate,
            window=spec.abort.window.total_seconds(),
            minimum_requests=spec.abort.minimum_requests,
            control_plane_gone=spec.abort.control_plane_gone.total_seconds(),
        ),
    )


def anchor_of(rehearsal: Rehearsal) -> str:
    """The part of `runbook` behind the #; '' where there is none."""
    return rehearsal.spec.runbook.partition("#")[2]


def _bound(promise: Promise, lapse: Lapse) -> PlannedExpectation:
    expectation: Expectation = promise.expectation
    since, until = expectation.stretch()
    return PlannedExpectation(
        id=expectation.id,
        kind=expectation.kind,
        spec=expectation.model_dump(mode="json"),
        source=promise.source,
        deadlines=expectation.durations(lapse),
        since=since,
        until=until,
    )


def _selected(rehearsal: Rehearsal, runbook: Runbook, problems: list[Problem]) -> list[Promise]:
    """The promises of the section, narrowed by `expect` and widened by `also`, in the order of the page."""
    spec = rehearsal.spec
    try:
        section = [promise.expectation.id for promise in runbook.section(anchor_of(rehearsal))]
    except BadInput as error:
        problems += [rehearsal.problem(problem.text, "runbook") for problem in error.problems]
        return []
    everything = [promise.expectation.id for promise in runbook.promises]
    for key, ids, known in (("expect", spec.expect or [], section), ("also", spec.also, everything)):
        for index, name in enumerate(ids):
            if name not in known:
                near = get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known) or 'none'}"
                problems.append(rehearsal.problem(f"{spec.runbook} has no expectation '{name}'; {hint}", key, index))
    wanted = {*(section if spec.expect is None else spec.expect), *spec.also}
    chosen = [promise for promise in runbook.promises if promise.expectation.id in wanted]
    if not chosen and not problems:
        text = f"{spec.runbook} promises nothing, so this rehearsal could not fail; write a `yaml expect` block in it"
        problems.append(rehearsal.problem(text, "runbook"))
    return chosen


def _unbound(promises: list[Promise], world: World) -> Iterator[Problem]:
    for promise in promises:
        found = list(promise.expectation.problems(world))
        yield from (Problem(f"{promise.expectation.id}: {text}", promise.position) for text in found)
        if not found:
            for moment in promise.expectation.stretch():
                if moment not in world.moments:
                    text = f"{promise.expectation.id}: the rehearsal has no moment '{moment}'"
                    yield Problem(text, promise.position)


def _world(rehearsal: Rehearsal, traffic: Traffic, artefacts: Artefacts, timeline: Timeline) -> World:
    territories = frozenset(timeline.phases[0].rates)
    served = {name for territory in territories for name in traffic.workloads(territory)}
    return World(
        workloads=frozenset(served | set(rehearsal.spec.system.workloads)),
        territories=territories,
        alerts=artefacts.alerts,
        faults=frozenset(fault.id for fault in timeline.faults),
        moments=frozenset(timeline.moments),
    )


def _not_deployed(rehearsal: Rehearsal, world: World, artefacts: Artefacts) -> Iterator[Problem]:
    """Workloads that the rehearsal or its profile names but the chart does not make; only where it was rendered."""
    made = [str(one["metadata"]["name"]) for one in artefacts.manifests if one.get("kind") == "Deployment"]
    if not made:
        return
    own = rehearsal.spec.system.workloads
    for name in sorted(world.workloads - set(made)):
        near = get_close_matches(name, made, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"it makes {', '.join(made)}"
        loc: Loc = ("system", "workloads", own.index(name)) if name in own else ("profile",)
        yield rehearsal.problem(f"The chart makes no Deployment '{name}'; {hint}", *loc)


def _constants(
    controls: Controls, artefacts: Artefacts, factor: float, unscaled_for: Mapping[str, float]
) -> Iterator[Constant]:
    """Every constant that lapse changes, by the very functions that staging uses."""
    scaling = scaling_of(controls, factor)
    yield from lapsed_controls(controls, factor).constants
    yield from lapsed_manifests(artefacts.manifests, scaling).constants
    for rules in artefacts.rules:
        yield from lapsed_rules(rules, scaling, unscaled_for).constants
    if artefacts.alertmanager is not None:
        yield from lapsed_alertmanager(artefacts.alertmanager, scaling).constants


def _unscaled_for(rehearsal: Rehearsal, artefacts: Artefacts, problems: list[Problem]) -> dict[str, float]:
    unscaled = rehearsal.spec.unscaled
    for index, name in enumerate(unscaled.alerts):
        if name not in artefacts.alerts:
            near = get_close_matches(name, artefacts.alerts, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else "check the name"
            text = f"The rules have no alert '{name}'; {hint}"
            problems.append(rehearsal.problem(text, "unscaled", "alerts", index))
    return dict.fromkeys(unscaled.alerts, unscaled.pod_start.total_seconds())


def _controls(rehearsal: Rehearsal) -> Controls:
    given: list[tuple[str, timedelta]] = list(rehearsal.spec.controls)
    return Controls(**{name: value.total_seconds() for name, value in given})


def _system(rehearsal: Rehearsal, artefacts: Artefacts) -> System:
    system = rehearsal.spec.system
    return System(
        namespace=system.namespace,
        chart=str(rehearsal.resolve(system.chart)) if system.chart else None,
        values=system.values,
        sql=[str(rehearsal.resolve(name)) for name in system.sql],
        images=[str(rehearsal.resolve(name)) for name in system.images],
        rules=[str(rules.path) for rules in artefacts.rules],
        alertmanager=str(rehearsal.resolve(system.alertmanager)) if system.alertmanager else None,
    )


def _runbook_name(rehearsal: Rehearsal, runbook: Runbook) -> str:
    anchor = anchor_of(rehearsal)
    return f"{runbook.page.path}#{anchor}" if anchor else str(runbook.page.path)
