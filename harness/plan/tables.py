"""The plan as a person reads it: what happens when, what is promised by when, what lapse changes. Rich, for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from harness.plan.model import Constant, Phase, Plan, PlannedExpectation, Scaled
from harness.units import format_duration

_ORDER = {"phase": 0, "window": 1, "load": 2, "fault": 3}
_STYLE = {"phase": "bold", "window": "cyan", "load": "", "fault": "red"}


def tables(plan: Plan) -> Iterator[RenderableType]:
    """Heading, timeline, promises, constants."""
    yield Text.assemble(
        (plan.rehearsal, "bold"),
        f": {plan.season}, {seconds(plan.duration)} of timeline at lapse {plan.lapse:g}, judged by {plan.runbook}",
    )
    yield timeline(plan)
    yield promises(plan)
    if plan.constants:
        yield constants(plan)
    else:
        yield Text("Lapse 1: every control constant stays as it is.", style="dim")


def timeline(plan: Plan) -> Table:
    """Phases, window, loads and faults on one axis."""
    table = _table("Timeline")
    table.add_column("after t0", justify="right", no_wrap=True)
    table.add_column("moment", overflow="fold")
    table.add_column("arrivals/s", justify="right")
    table.add_column("what happens", ratio=1)
    for at, _, kind, name, arrivals, says in sorted(_rows(plan), key=lambda row: (row[0], row[1])):
        table.add_row(seconds(at), Text(name, style=_STYLE[kind]), arrivals, says)
    table.add_row(seconds(plan.duration), Text("end", style="bold"), "", "")
    return table


def promises(plan: Plan) -> Table:
    """Expectations with their deadlines, as the runbook says them and as they count here; `line` is the runbook's."""
    table = _table(f"Promises ({len(plan.expectations)})")
    table.add_column("id", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("looks from .. until")
    table.add_column("deadlines")
    table.add_column("line", justify="right", style="dim")
    for one in plan.expectations:
        stretch = f"{one.since} .. {one.until}"
        table.add_row(one.id, one.kind, stretch, _deadlines(one), str(one.source.line))
    return table


def constants(plan: Plan) -> Table:
    """What lapse does to each control constant."""
    table = _table(f"Control constants under lapse {plan.lapse:g}")
    table.add_column("owner", overflow="fold")
    table.add_column("constant", overflow="fold")
    table.add_column("production", justify="right")
    table.add_column("here", justify="right")
    table.add_column("note", overflow="fold", ratio=1)
    for owner, one in _grouped(plan.constants):
        table.add_row(owner, one.name, seconds(one.original), seconds(one.scaled), Text(one.why, style="dim"))
    return table


def scaled(duration: Scaled) -> str:
    """`10m -> 50s + 20s pod start`; only the original where nothing changed."""
    text = seconds(duration.original)
    if duration.scaled != duration.original:
        text += f" -> {seconds(duration.scaled)}"
    if duration.unscaled:
        text += f" + {seconds(duration.unscaled)} {duration.unscaled_because}"
    return text


def seconds(value: float) -> str:
    """Seconds as `1m15s`."""
    return format_duration(timedelta(seconds=round(value, 3)))


def _rows(plan: Plan) -> Iterator[tuple[float, int, str, str, str, str]]:
    for phase in plan.phases:
        says = f"{phase.says} " if phase.says else ""
        lasts = f"({seconds(phase.end - phase.start)})"
        yield phase.start, _ORDER["phase"], "phase", f"phase:{phase.name}", _arrivals(phase), f"{says}{lasts}"
    if plan.window is not None:
        lasts = seconds(plan.window.closes - plan.window.opens)
        says = f"the cron window of {plan.window.season} opens on a full minute, for {lasts}"
        yield plan.window.opens, _ORDER["window"], "window", "window-opens", "", says
        yield plan.window.closes, _ORDER["window"], "window", "window-closes", "", "it closes"
    for name, at in plan.moments.items():
        if name.startswith("load:"):
            yield at, _ORDER["load"], "load", name, "", "reached for the first time"
    for fault in plan.faults:
        says = f"{fault.experiment.rpartition('/')[2]}, undone after {seconds(fault.timeout)} at the latest"
        yield fault.start, _ORDER["fault"], "fault", f"fault:{fault.id}", "", says


def _grouped(all_constants: Sequence[Constant]) -> Iterator[tuple[str, Constant]]:
    """Constants with whom they belong to; objects of one kind that change alike are one row."""
    owners: dict[tuple[str, str, float, float, str], list[Constant]] = {}
    for one in all_constants:
        kind = one.owner.rpartition(" ")[0] or one.owner
        owners.setdefault((kind, one.name, one.original, one.scaled, one.why), []).append(one)
    for (kind, *_), alike in owners.items():
        yield (alike[0].owner if len(alike) == 1 else f"{len(alike)} {kind}s"), alike[0]


def _arrivals(phase: Phase) -> str:
    total = [sum(pair[end] for pair in phase.rates.values()) for end in (0, 1)]
    if total[0] == total[1] == 0:
        return "0"
    parts = ", ".join(f"{name} {_ramp(first, last)}" for name, (first, last) in phase.rates.items())
    return f"{_ramp(*total)} ({parts})" if len(phase.rates) > 1 else parts


def _ramp(first: float, last: float) -> str:
    return f"{first:g}" if first == last else f"{first:g}..{last:g}"


def _deadlines(one: PlannedExpectation) -> str:
    return "\n".join(f"{name}: {scaled(duration)}" for name, duration in one.deadlines.items())


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
