"""Progress of what takes long before a rehearsal begins: building parts, starting them, staging the system."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

_PLAIN_SECONDS = 15.0
_VERBS = {"build": "building", "start": "starting", "stage": "waiting for"}


class Steps:
    """Told of steps (see harness.stack.progress.Progress): spinners on a terminal, a line per step elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), TextColumn("[dim]{task.fields[says]}"),
            console=console, transient=True, disable=not console.is_terminal or console.quiet,
        )  # fmt: skip
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._last_plain: dict[tuple[str, str], float] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def began(self, group: str, step: str) -> None:
        """A step has begun."""
        says = f"{_VERBS.get(group, group)} {step}"
        self._tasks[group, step] = self._bars.add_task(says, total=None, says="")
        self._last_plain[group, step] = time.monotonic()
        if not self._console.is_terminal and group == "build":
            self._console.print(f"  {says} ...")

    def moved(self, group: str, step: str, text: str) -> None:
        """A step got further."""
        if (group, step) not in self._tasks:
            self.began(group, step)
        self._bars.update(self._tasks[group, step], says=text)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._last_plain[group, step] > _PLAIN_SECONDS:
            self._last_plain[group, step] = now
            self._console.print(f"  {_VERBS.get(group, group)} {step}: {text}")

    def done(self, group: str, step: str, seconds: float) -> None:
        """A step has ended well."""
        if (task := self._tasks.pop((group, step), None)) is not None:
            self._bars.remove_task(task)
        self._console.print(f"  [green]✔[/] {step} [dim]{seconds:.1f} s[/]")

    def say(self, text: str) -> None:
        """A sentence about something that was done."""
        self._console.print(f"  {text}")
