"""Being asked to stop: what a signal breaks off, and what it does not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from harness.faults.stop import Stop


@pytest.fixture
def stop() -> Iterator[Stop]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    made = Stop()
    made.install()
    yield made
    made.after(0)
    for number, handler in before.items():
        signal.signal(number, handler)


def _signal_and_wait() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)


def test_a_signal_breaks_off_what_may_be_broken_off_and_only_once(stop: Stop) -> None:
    stop.breakable()
    with pytest.raises(SystemExit) as left:
        _signal_and_wait()
    assert left.value.code == 20
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    assert stop.reason == "SIGTERM"


def test_a_signal_elsewhere_is_remembered_and_counts_at_the_next_chance(stop: Stop) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    assert stop.reason == "Ctrl-C"
    with pytest.raises(SystemExit):
        stop.breakable()


def test_a_row_is_written_whole_before_a_signal_counts(stop: Stop) -> None:
    stop.breakable()
    written: list[str] = []

    def write() -> None:
        with stop.deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)
            written.append("row")
        written.append("too late")

    with pytest.raises(SystemExit):
        write()
    assert written == ["row"]


def test_rollbacks_are_broken_off_by_nothing_but_their_own_limit(stop: Stop) -> None:
    stop.rolling_back(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    with pytest.raises(SystemExit):
        time.sleep(5)
    stop.rolled_back()
    assert stop.reason == "SIGTERM"


def test_waiting_ends_at_its_time_or_when_asked(stop: Stop) -> None:
    assert stop.wait_until(time.time() + 0.05)
    stop.after(0.05)
    assert not stop.wait_until(time.time() + 60)
    assert stop.reason == "timeout"
