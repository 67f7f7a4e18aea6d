"""Being asked to stop. chaoslib swallows SIGTERM inside an activity and forgets rollbacks when a signal comes at the wrong
moment; so a signal only breaks off what may be broken off (hypothesis and method), once, and is remembered elsewhere."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_LEAVE_WITH_ROLLBACKS = 20
"""chaoslib's exit code of a SystemExit that ends the method and keeps the rollbacks (chaoslib.exit)."""

_REASONS = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C", signal.SIGALRM: "timeout"}


class Stop:
    """Why and when to stop. `reason`: None, `SIGTERM`, `Ctrl-C` or `timeout`, the first that came."""

    def __init__(self) -> None:
        """Nothing is installed yet."""
        self.reason: str | None = None
        self._breakable = False
        self._rolling_back = False
        self._asked = threading.Event()

    def install(self) -> None:
        """Take SIGTERM, SIGINT and SIGALRM of this process (main thread only)."""
        for number in _REASONS:
            signal.signal(number, self._handle)

    def ignore(self) -> None:
        """All is done: a late signal must not change the exit code while Python winds down and resets its handlers."""
        for number in _REASONS:
            signal.signal(number, signal.SIG_IGN)

    def after(self, seconds: float) -> None:
        """Ask to stop after `seconds`, real time; 0 takes the wish back."""
        signal.setitimer(signal.ITIMER_REAL, max(0.0, seconds))

    def wait_until(self, at: float, clock: Callable[[], float] = time.time) -> bool:
        """Wait for a moment (seconds since the epoch). False: asked to stop before it came."""
        while (left := at - clock()) > 0 and not self._asked.is_set():
            self._asked.wait(min(left, 1.0))
        return not self._asked.is_set()

    def breakable(self) -> None:
        """From here on a signal breaks off what runs, by SystemExit; at once if one came before."""
        self._breakable = True
        if self.reason is not None:
            self._break()

    def unbreakable(self) -> None:
        """From here on a signal is only remembered."""
        self._breakable = False

    def rolling_back(self, seconds: float) -> None:
        """Rollbacks begin: nothing breaks them off but their own limit of `seconds`."""
        self._breakable = False
        self._rolling_back = True
        self.after(seconds)

    def rolled_back(self) -> None:
        """Rollbacks have ended."""
        self.after(0)
        self._rolling_back = False

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """A stretch that must be whole (a row of the record): a signal in it counts right after."""
        was, self._breakable = self._breakable, False
        try:
            yield
        finally:
            if was:
                self.breakable()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        hung = self._rolling_back and number == signal.SIGALRM
        if self.reason is None:
            self.reason = "rollbacks hung" if hung else _REASONS[signal.Signals(number)]
        self._asked.set()
        if hung or self._breakable:
            self._break()

    def _break(self) -> None:
        self._breakable = False
        raise SystemExit(_LEAVE_WITH_ROLLBACKS)
