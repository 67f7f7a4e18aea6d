"""The live view: what the record says right now, drawn twice a second; and plain lines where there is no terminal."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from harness.plan.model import Plan, PlannedExpectation
from harness.record import views
from harness.record.reader import RecordReader
from harness.record.rows import Alert, Fault, Notification

REFRESH_SECONDS = 0.5
RECENT_SECONDS = 5


class LiveView:
    """Redraws the state of a run in place. Reads the record only; enter it before the run begins to act."""

    def __init__(self, plan: Plan, run: Path, console: Console) -> None:
        self._plan = plan
        self._run = run
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._last = 0.0
        self._said: list[str] = []

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.__exit__(kind, error, trace)

    def say(self, text: str) -> None:
        """A sentence above the picture."""
        self._console.print(Text(f"  {text}", style="dim"))

    def update(self, now: float) -> None:
        """Draw again, unless that was just done."""
        if now - self._last >= REFRESH_SECONDS:
            self._last = now
            with RecordReader(self._run) as record:
                self._live.update(picture(self._plan, record, now), refresh=True)


class PlainView:
    """One line per change of phase and per alert or fault, for logs and pipes."""

    def __init__(self, plan: Plan, run: Path, console: Console) -> None:
        self._plan = plan
        self._run = run
        self._console = console
        self._phase = ""
        self._seen: dict[type, int] = {Fault: 0, Alert: 0, Notification: 0}
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is held open."""

    def say(self, text: str) -> None:
        """One line with the time."""
        self._console.print(f"{time.strftime('%H:%M:%S')} {text}", markup=False, highlight=False, soft_wrap=True)

    def update(self, now: float) -> None:
        """Print what has changed since the last time."""
        if now - self._last < 1:
            return
        self._last = now
        with RecordReader(self._run) as record:
            t0 = float((record.meta("t0") or {"at": now})["at"])
            phase = next((one for one in self._plan.phases if one.start <= now - t0 < one.end), None)
            if phase is not None and phase.name != self._phase:
                self._phase = phase.name
                self.say(f"phase {phase.name}{': ' + phase.says if phase.says else ''} ({_replicas_line(record)})")
            for kind in (Fault, Alert, Notification):
                rows: list[Fault | Alert | Notification] = list(record.rows(kind, "rowid > ?", (self._seen[kind],)))
                self._seen[kind] += len(rows)
                for row in rows:
                    self.say(_sentence(row))


class SilentView(PlainView):
    """`--quiet`: says nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def update(self, now: float) -> None:
        """Nothing."""


def _sentence(row: Fault | Alert | Notification) -> str:
    match row:
        case Fault():
            return f"fault {row.fault}: {row.step.replace('_', ' ')}"
        case Alert():
            return f"alert {row.name} {row.state}"
        case Notification():
            return f"{row.receiver} received {row.name} {row.status}"


def _replicas_line(record: RecordReader) -> str:
    latest = {name: points[-1] for name in views.workloads(record) if (points := views.replicas(record, name))}
    return ", ".join(f"{name} {point.ready}/{point.wanted}" for name, point in latest.items())


def picture(plan: Plan, record: RecordReader, now: float) -> Group:
    """The whole live view at `now`."""
    t0 = float((record.meta("t0") or {"at": now})["at"])
    return Group(
        _clock(plan, now - t0),
        _workloads(plan, record, t0, now),
        _traffic(record, now),
        _signals(plan, record, t0, now),
    )


def _clock(plan: Plan, elapsed: float) -> Panel:
    phase = next((one for one in plan.phases if one.start <= elapsed < one.end), None)
    name = phase.name if phase else ("begins soon" if elapsed < 0 else "ending")
    grid = Table.grid(expand=True, padding=(0, 2))
    grid.add_column(ratio=2)
    grid.add_column(ratio=3)
    grid.add_column(justify="right")
    season = f"{elapsed * plan.lapse / 60:.0f} min of season" if elapsed > 0 else ""
    grid.add_row(
        Text(name, style="bold"),
        ProgressBar(total=plan.duration, completed=max(0.0, min(elapsed, plan.duration))),
        f"{_minutes(elapsed)} / {_minutes(plan.duration)}  {season}",
    )
    if phase and phase.says:
        grid.add_row(Text(phase.says, style="dim"), "", "")
    return Panel(grid, title=f"{plan.rehearsal} · lapse {plan.lapse:g}", title_align="left", border_style="cyan")


def _workloads(plan: Plan, record: RecordReader, t0: float, now: float) -> Table:
    table = Table(expand=True, box=None, header_style="dim", padding=(0, 1))
    for name in ("workload", "wanted", "present", "ready", "", "expected"):
        table.add_column(name, justify="right" if name in ("wanted", "present", "ready") else "left")
    for workload in views.workloads(record):
        points = views.replicas(record, workload)
        if not points:
            continue
        last = points[-1]
        style = "green" if last.ready >= last.wanted else "yellow"
        bar = "█" * last.ready + "░" * max(0, last.wanted - last.ready)
        table.add_row(
            workload, str(last.wanted), str(last.present), Text(str(last.ready), style=style), Text(bar, style=style),
            _expected(plan, points, workload, t0, now),
        )  # fmt: skip
    return table


def _expected(plan: Plan, points: list[views.ReplicaPoint], workload: str, t0: float, now: float) -> Text:
    """The scale expectation of this workload that is due next, its deadline counting down; green or red once decided."""
    text = Text()
    for one in plan.expectations:
        if one.kind != "scale" or one.spec.get("workload") != workload or one.since not in plan.moments:
            continue
        begins = t0 + plan.moments[one.since]
        if now < begins:
            continue
        text = _countdown(one, points, begins, now)
    return text


def _countdown(one: PlannedExpectation, points: list[views.ReplicaPoint], begins: float, now: float) -> Text:
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


def _traffic(record: RecordReader, now: float) -> Table:
    table = Table(expand=True, box=None, header_style="dim", padding=(0, 1))
    for name in ("traffic", "arrivals/s", "p95 ms", "failed", "not started"):
        table.add_column(name, justify="left" if name == "traffic" else "right")
    since, until = now - RECENT_SECONDS - 1, now - 1
    rows = views.requests(record, since, until)
    counts = {
        territory: (intended, missed)
        for territory, intended, missed in record.select(
            "SELECT territory, sum(intended), sum(not_started) FROM arrivals WHERE second >= ? AND second < ? GROUP BY 1",
            (since, until),
        )
    }
    for territory in sorted({row.territory for row in rows} | set(counts)):
        of_territory = [row for row in rows if row.territory == territory]
        total = sum(row.count for row in of_territory)
        failed = sum(row.count for row in of_territory if row.outcome in ("server_error", "timeout", "connection"))
        p95 = views.merged(of_territory).get_value_at_percentile(95) / 1000 if total else 0.0
        intended, missed = counts.get(territory, (0, 0))
        table.add_row(
            territory,
            f"{intended / RECENT_SECONDS:.0f}",
            f"{p95:.0f}" if total else "-",
            Text(str(failed), style="red" if failed else "dim"),
            Text(str(missed), style="red" if missed else "dim"),
        )
    return table


def _signals(plan: Plan, record: RecordReader, t0: float, now: float) -> Table:
    table = Table.grid(expand=True, padding=(0, 2))
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    faults = Text("faults  ", style="dim")
    steps: dict[str, str] = {row.fault: row.step for row in record.rows(Fault)}
    for fault in plan.faults:
        step = steps.get(fault.id)
        says = step.replace("_", " ") if step else f"in {max(0.0, t0 + fault.start - now):.0f} s"
        faults.append(f"{fault.id} {says}  ", style="red" if step in ("started", "effect") else "default")
    alerts = Text("alerts  ", style="dim")
    states = {(row.name, str(row.labels)): row.state for row in record.rows(Alert)}
    shown = [(name, state) for (name, _), state in states.items() if state != "inactive"]
    for name, state in shown:
        alerts.append(f"{name} {state}  ", style="bold red" if state == "firing" else "yellow")
    received = list(record.rows(Notification))[-1:]
    if received:
        alerts.append(f"({received[0].receiver} received {received[0].name} {received[0].status})", style="dim")
    table.add_row(faults, alerts if shown or received else Text("alerts  none", style="dim"))
    return table


def _minutes(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    return f"{sign}{int(abs(seconds)) // 60}:{int(abs(seconds)) % 60:02d}"
