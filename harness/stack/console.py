"""How the cluster's commands look: progress while one waits, tables afterwards; plain lines when not on a terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from harness.stack.health import ClusterReport, inspect
from harness.stack.parts import Part
from harness.stack.state import ClusterState


class BuildAndStart:
    """Progress of builds and starts: a live list on a terminal, a line per finished step elsewhere."""

    def __init__(self, output: TextIO) -> None:
        self._console = Console(file=output)
        self._live = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[text]}[/]"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, float] = {}

    def __enter__(self) -> BuildAndStart:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def began(self, group: str, step: str) -> None:
        """A step has begun."""
        self._tasks[step] = self._live.add_task(f"{group} {step}", total=1, text="")
        if group == "build":
            self._plain(f"{group} {step} ...")

    def moved(self, group: str, step: str, text: str) -> None:
        """A step got further; told at most every 30 s where lines stay."""
        if step not in self._tasks:
            self.began(group, step)
        self._live.update(self._tasks[step], text=text)
        now = time.monotonic()
        if now - self._told.setdefault(step, now) >= 30:
            self._told[step] = now
            self._plain(f"{group} {step}: {text}")

    def done(self, group: str, step: str, seconds: float) -> None:
        """A step has ended well."""
        self._live.update(self._tasks[step], completed=1, text="")
        self._plain(f"{group} {step} done in {seconds:.1f} s")

    def _plain(self, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(line, markup=False, highlight=False)


def summary(state: ClusterState) -> None:
    """What `up` says at its end: where everything is, what it took."""
    report = inspect(state.name)
    show_status([report])
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"ready after {state.ready_after_seconds:.1f} s, {report.rss_bytes / 2**20:.0f} MB resident")
    console.print(f"[bold]Prometheus[/] {state.prometheus_url}   [bold]Alertmanager[/] {state.alertmanager_url}")
    console.print(f"[bold]kubectl[/] KUBECONFIG={state.kubeconfig} kubectl get pods -A")


def show_status(reports: Sequence[ClusterReport]) -> None:
    """A table per cluster."""
    console = _wide_console()
    if not reports:
        console.print("no cluster is running; start one with [bold]rehearse up[/]")
    for report in reports:
        table = Table(title=f"cluster '{report.name}': {report.phase}, lapse {report.lapse:g}", title_justify="left")
        for column, right in (
            ("part", 0),
            ("state", 0),
            ("pid", 1),
            ("RSS", 1),
            ("up", 1),
            ("ready after", 1),
            ("ports", 0),
        ):
            table.add_column(column, justify="right" if right else "left", no_wrap=column == "part")
        for part in report.parts:
            table.add_row(
                part.name,
                f"[green]{part.state}[/]" if part.is_well else f"[red]{part.state}[/]",
                str(part.pid or ""),
                f"{part.rss_bytes / 2**20:.0f} MB" if part.rss_bytes else "",
                f"{part.uptime_seconds:.0f} s" if part.uptime_seconds else "",
                f"{part.ready_after_seconds:.1f} s" if part.ready_after_seconds else "",
                " ".join(map(str, part.ports.values())),
            )
        console.print(table)
        if report.failure:
            console.print(report.failure, markup=False)


def show_parts(parts: Sequence[tuple[Part, Path | None]]) -> None:
    """The table of parts."""
    table = Table()
    for column in ("part", "version", "needed", "where"):
        table.add_column(column, overflow="fold")
    for part, program in parts:
        table.add_row(part.name, part.released_version, part.need.value, str(program or "not built yet"))
    _wide_console().print(table)


def _wide_console() -> Console:
    """Where nobody sees an edge, a table is not folded to one."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)
