"""The live view: what the record says right now, drawn twice a second; and plain lines where there is no terminal."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from harness.plan.model import Plan
from harness.record.rows import Alert, Fault, Notification
from harness.report.deciding import Deciding
from harness.report.following import Following
from harness.report.picture import picture

REFRESH_SECONDS = 0.5


class LiveView:
    """Redraws the state of a run in place. Reads the record only; enter it before the run begins to act."""

    def __init__(self, plan: Plan, run: Path, console: Console) -> None:
        self._plan = plan
        self._run = run
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._last = 0.0
        self._deciding = Deciding(plan, run)
        self._following: Following | None = None

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.__exit__(kind, error, trace)
        self._deciding.close()
        if self._following is not None:
            self._following.close()

    def say(self, text: str) -> None:
        """A sentence above the picture."""
        self._console.print(Text(f"  {text}", style="dim"))

    def update(self, now: float) -> None:
        """Draw again, unless that was just done."""
        if now - self._last < REFRESH_SECONDS:
            return
        self._last = now
        if self._following is None:
            self._following = Following(self._plan, self._run)
        self._following.read(now)
        decided = self._deciding.ask(self._following.marks, now)
        self._live.update(picture(self._following, decided, now), refresh=True)


class PlainView:
    """One line per change of phase and per alert or fault, for logs and pipes."""

    def __init__(self, plan: Plan, run: Path, console: Console) -> None:
        self._plan = plan
        self._run = run
        self._console = console
        self._phase = ""
        self._following: Following | None = None
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._following is not None:
            self._following.close()

    def say(self, text: str) -> None:
        """One line with the time."""
        self._console.print(f"{time.strftime('%H:%M:%S')} {text}", markup=False, highlight=False, soft_wrap=True)

    def update(self, now: float) -> None:
        """Print what has changed since the last time."""
        if now - self._last < 1:
            return
        self._last = now
        if self._following is None:
            self._following = Following(self._plan, self._run)
        seen = self._following
        news = seen.read(now)
        elapsed = now - (seen.t0 if seen.t0 is not None else now)
        phase = next((one for one in self._plan.phases if one.start <= elapsed < one.end), None)
        if phase is not None and phase.name != self._phase:
            self._phase = phase.name
            self.say(f"phase {phase.name}{': ' + phase.says if phase.says else ''} ({_replicas_line(seen)})")
        for row in news:
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


def _replicas_line(seen: Following) -> str:
    return ", ".join(f"{name} {points[-1].ready}/{points[-1].wanted}" for name, points in sorted(seen.replicas.items()))
