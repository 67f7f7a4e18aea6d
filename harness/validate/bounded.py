"""A bound on time for what works on files that anybody may have written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooLong(BaseException):
    """The time is over. No Exception, so that nothing on the way takes it for an error of its own."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raises TooLong within the block once `seconds` have passed; regular expressions are interrupted too.

    Works by SIGALRM, so it bounds nothing outside of the main thread or where another alarm is set.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
