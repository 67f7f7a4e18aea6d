"""Conducting a staged rehearsal: marks the moments, starts the faults, watches over safety, and always cleans up."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Protocol

from harness.errors import Inconclusive
from harness.plan.model import Plan
from harness.plan.shift import shifted
from harness.record.rows import Gap, Mark, Meta, Note
from harness.record.writer import RecordWriter
from harness.run.children import Child, Children
from harness.run.timeline import begin, due_faults, due_marks
from harness.safety import window
from harness.safety.abort import AbortWatch
from harness.safety.lease import Held
from harness.target.base import Target

TICK_SECONDS = 0.2
OBSERVERS_READY_SECONDS = 30.0
LOAD_READY_SECONDS = 30.0
LOAD_DRAIN_SECONDS = 15.0


class Interrupted(BaseException):
    """SIGINT or SIGTERM came. Not an Exception, so that nothing on the way mistakes it for a failure."""


class View(Protocol):
    """Who is told how the run goes: the live view, plain lines, or nobody."""

    def say(self, text: str) -> None:
        """One sentence about a step that was taken."""

    def update(self, now: float) -> None:
        """Time has passed; draw what the record says."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, the first SIGINT or SIGTERM raises Interrupted in the main thread; later ones cannot disturb the clean-up."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        raise Interrupted

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@dataclass(slots=True)
class Outcome:
    """How the acting part ended. `result`: completed | interrupted | stopped; `reason` where it did not complete."""

    result: str
    reason: str = ""


class Runner:
    """Acts one plan out against one target and records it. Use `act` once."""

    def __init__(self, plan: Plan, target: Target, run: Path, view: View, held: Held) -> None:
        self._plan = plan
        self._target = target
        self._run = run
        self._view = view
        self._held = held
        self._children = Children(run, target)
        self._record = RecordWriter(run)
        self._t0 = 0.0
        self._lost: set[str] = set()

    def act(self) -> Outcome:
        """Run the whole timeline. Whatever happens, faults are undone, the window is put back and children have ended."""
        outcome = Outcome("interrupted", "the run ended before its first moment")
        try:
            outcome = self._act()
        except Interrupted:
            outcome = Outcome("interrupted", "interrupted by a signal")
        except Inconclusive as error:
            self._note("error", str(error))
            outcome = Outcome("stopped", str(error))
            raise
        finally:
            self._children.stop([name for name in self._children.all if name != "observe"])
            self._children.stop(["observe"])
            self._record.add(Meta("outcome", {"result": outcome.result, "reason": outcome.reason, "at": time.time()}))
            self._children.close()
            self._record.close()
        return outcome

    def _act(self) -> Outcome:
        observers = self._children.start("observe", "harness.observe")
        self._children.wait_for_line(observers, "ready", OBSERVERS_READY_SECONDS)
        self._t0 = begin(self._plan, time.time() + 4.0)
        self._record.add(Meta("t0", {"at": self._t0}))
        load = self._children.start("load", "harness.load")
        opens = ""
        if self._plan.window is not None:
            opens = f"; window opens at {datetime.fromtimestamp(self._t0 + self._plan.window.opens, UTC):%H:%M:%S} UTC"
        self._say(f"starts in {max(0.0, self._t0 - time.time()):.0f} s{opens}")
        try:
            self._shift_window()
            return self._follow([observers, load])
        finally:
            self._children.stop([name for name in self._children.all if name.startswith("fault-")])
            for sentence in window.put_back(self._target):
                self._say(str(sentence))

    def _shift_window(self) -> None:
        if self._plan.window is None:
            return
        opens, closes = (
            datetime.fromtimestamp(self._t0 + at, UTC) for at in (self._plan.window.opens, self._plan.window.closes)
        )
        season = self._plan.window.season
        changed = window.apply(self._target, lambda triggers: shifted(triggers, season, opens, closes), self._run.name)
        if changed:
            self._say(f"the window of {season} is shifted in {', '.join(changed)}; its undo is journalled")
        else:
            self._note("error", f"no ScaledObject has a cron window named '{season}': nothing will be pre-scaled")

    def _follow(self, essential: list[Child]) -> Outcome:
        abort = AbortWatch(self._plan, self._run)
        done: set[str] = set()
        started: set[str] = set()
        check_at = 0
        while True:
            now = time.time()
            elapsed = now - self._t0
            for name in due_marks(self._plan, elapsed, done):
                self._record.add(Mark(now, name, {"planned": self._t0 + self._plan.moments[name]}))
                done.add(name)
            for fault in due_faults(self._plan, elapsed, started):
                self._children.start(f"fault-{fault.id}", "harness.faults", fault.id)
                started.add(fault.id)
            for child in essential:
                self._notice_end(child, now)
            if now >= check_at and (reason := self._held.lost or abort.check(now)):
                self._note("error", f"stopped by a safety rule: {reason}")
                return Outcome("stopped", reason)
            check_at = max(check_at, math.floor(now) + 1)
            if "end" in done:
                self._wait(essential[-1], LOAD_DRAIN_SECONDS)
                return Outcome("completed")
            self._view.update(now)
            time.sleep(TICK_SECONDS)

    def _notice_end(self, child: Child, now: float) -> None:
        """A process that ends early makes nothing better: the rest of the run is a gap of its sources."""
        if child.ended is None or child.name in self._lost or now >= self._t0 + self._plan.duration:
            return
        self._lost.add(child.name)
        text = f"the {child.name} process ended with {child.ended} before the rehearsal did: {child.tail()[-300:]}"
        sources = ("load",) if child.name == "load" else OBSERVED_SOURCES
        self._record.add_all(Gap(source, now, self._t0 + self._plan.duration, text) for source in sources)
        self._note("error", text)

    @staticmethod
    def _wait(child: Child, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while child.ended is None and time.monotonic() < deadline:
            time.sleep(TICK_SECONDS)

    def _say(self, text: str) -> None:
        self._note("info", text)

    def _note(self, level: str, text: str) -> None:
        self._record.add(Note(time.time(), "runner", level, text))
        self._view.say(text)


OBSERVED_SOURCES = ("watch", "prometheus", "alertmanager", "receiver", "ledger", "control-plane")
