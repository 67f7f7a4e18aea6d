"""The live view's picture of what was read so far: pure, from values to what rich draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from harness.expectations.base import Result
from harness.plan.model import Plan, PlannedExpectation
from harness.record import views
from harness.record.rows import FAILED
from harness.report.following import Following

RECENT_SECONDS = 5
MARKS = {
    Result.PASS: ("✔", "green"),
    Result.FAIL: ("✘", "bold red"),
    Result.INVALID: ("!", "magenta"),
    Result.NO_DATA: ("?", "yellow"),
}
UNDECIDED = ("·", "bright_black")


def picture(seen: Following, decided: Mapping[str, Result], now: float) -> Group:
    """The whole live view at `now`; 80 columns and 24 lines hold seven workloads and three territories."""
    t0 = seen.t0 if seen.t0 is not None else now
    return Group(
        _clock(seen.plan, now - t0),
        _workloads(seen, t0, now),
        _traffic(seen, now),
        _faults(seen, t0, now),
        _alerts(seen),
        _expectations(seen.plan, decided),
    )


def _clock(plan: Plan, elapsed: float) -> Panel:
    phase = next((one for one in plan.phases if one.start <= elapsed < one.end), None)
    name = phase.name if phase else ("begins soon" if elapsed < 0 else "ending")
    grid = Table.grid(expand=True, padding=(0, 2))
    grid.add_column(no_wrap=True, overflow="ellipsis")
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    season = f"  {elapsed * plan.lapse / 60:.0f} min of season" if elapsed > 0 else ""
    grid.add_row(
        Text(name, style="bold"),
        ProgressBar(total=plan.duration, completed=max(0.0, min(elapsed, plan.duration))),
        f"{_minutes(elapsed)} / {_minutes(plan.duration)}{season}",
    )
    says = Text(phase.says if phase else "", style="dim", no_wrap=True, overflow="ellipsis")
    inside = Group(grid, says) if says else grid
    return Panel(inside, title=f"{plan.rehearsal} · lapse {plan.lapse:g}", title_align="left", border_style="cyan")


def _table(*columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(expand=True, box=None, header_style="dim", padding=(0, 1))
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=True, overflow="ellipsis")
    return table


def _workloads(seen: Following, t0: float, now: float) -> Table:
    table = _table("workload", "wanted", "present", "ready", "", "expected", right=("wanted", "present", "ready"))
    for workload, points in sorted(seen.replicas.items()):
        last = points[-1]
        style = "green" if last.ready >= last.wanted else "yellow"
        bar = ("█" * last.ready + "░" * max(0, last.wanted - last.ready))[:20]
        table.add_row(
            workload, str(last.wanted), str(last.present), Text(str(last.ready), style=style), Text(bar, style=style),
            _expected(seen, points, workload, t0, now),
        )  # fmt: skip
    return table


def _expected(seen: Following, points: Sequence[views.ReplicaPoint], workload: str, t0: float, now: float) -> Text:
    """The scale expectation of this workload that came last, its deadline counting down; green or red once it is met."""
    text = Text()
    for one in seen.plan.expectations:
        if one.kind != "scale" or one.spec.get("workload") != workload or one.since not in seen.plan.moments:
            continue
        begins = seen.marks.get(one.since, t0 + seen.plan.moments[one.since])
        if now >= begins:
            text = _countdown(one, points, begins, now)
    return text


def _countdown(one: PlannedExpectation, points: Sequence[views.ReplicaPoint], begins: float, now: float) -> Text:
    least, most = one.spec.get("at_least"), one.spec.get("at_most")
    deadline = begins + one.deadlines["within"].deadline
    want = f"≥ {least}" if least is not None else f"≤ {most}"

    def holds(point: views.ReplicaPoint) -> bool:
        return point.ready >= least if least is not None else max(point.wanted, point.present) <= int(most or 0)

    before = [point for point in points if point.at <= begins][-1:]
    reached = next((max(p.at, begins) for p in [*before, *(p for p in points if p.at > begins)] if holds(p)), None)
    if reached is not None and reached <= deadline:
        return Text(f"✔ {want} after {reached - begins:.0f} s", style="green")
    if now > deadline:
        return Text(f"✘ {want} was due {now - deadline:.0f} s ago", style="bold red")
    return Text(f"… {want} within {deadline - now:.0f} s", style="yellow")


def _traffic(seen: Following, now: float) -> Table:
    columns = ("traffic", "arrivals/s", "p95 ms", "failed", "not started")
    table = _table(*columns, right=columns[1:])
    since, until = now - RECENT_SECONDS - 1, now - 1
    rows = [row for row in seen.requests if since <= row.second < until]
    arrived = [row for row in seen.arrivals if since <= row.second < until]
    for territory in sorted({row.territory for row in rows} | {row.territory for row in arrived}):
        of_territory = [row for row in rows if row.territory == territory]
        failed = sum(row.count for row in of_territory if row.outcome in FAILED)
        p95 = views.merged(of_territory).get_value_at_percentile(95) / 1000
        intended = sum(row.intended for row in arrived if row.territory == territory)
        missed = sum(row.not_started for row in arrived if row.territory == territory)
        table.add_row(
            territory,
            f"{intended / RECENT_SECONDS:.0f}",
            f"{p95:.0f}" if of_territory else "-",
            Text(str(failed), style="red" if failed else "dim"),
            Text(str(missed), style="red" if missed else "dim"),
        )
    return table


def _faults(seen: Following, t0: float, now: float) -> Text:
    line = _line("faults")
    for fault in seen.plan.faults:
        step = seen.faults.get(fault.id)
        says = step.replace("_", " ") if step else f"in {_minutes(max(0.0, t0 + fault.start - now))}"
        line.append(f"{fault.id} {says}  ", style="red" if step in ("started", "effect") else "")
    return line if seen.plan.faults else line.append("none planned", style="dim")


def _alerts(seen: Following) -> Text:
    line = _line("alerts")
    active = Counter((state, name) for (name, _), state in seen.alerts.items() if state != "inactive")
    for (state, name), times in sorted(active.items()):
        many = f" ×{times}" if times > 1 else ""
        line.append(f"{name} {state}{many}  ", style="bold red" if state == "firing" else "yellow")
    if seen.received is not None:
        line.append(f"({seen.received.receiver} received {seen.received.name} {seen.received.status})", style="dim")
    return line if active or seen.received else line.append("none", style="dim")


def _expectations(plan: Plan, decided: Mapping[str, Result]) -> Text:
    """One sign for each expectation in the runbook's order, then how many are decided, then what failed by name."""
    line = _line("expectations")
    for one in plan.expectations:
        sign, style = MARKS[decided[one.id]] if one.id in decided else UNDECIDED
        line.append(sign, style=style)
    counted = Counter(decided.values())
    open_ = len(plan.expectations) - len(decided)
    says = [f"{counted[result]} {result.replace('_', ' ')}" for result in MARKS if counted[result]]
    line.append(f"  {', '.join([*says, f'{open_} not yet decided'])}")
    for name, result in decided.items():
        if result is not Result.PASS:
            line.append(f"  {name}", style=MARKS[result][1])
    return line


def _line(name: str) -> Text:
    return Text(no_wrap=True, overflow="ellipsis").append(f" {name}  ", style="dim")


def _minutes(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    return f"{sign}{int(abs(seconds)) // 60}:{int(abs(seconds)) % 60:02d}"
