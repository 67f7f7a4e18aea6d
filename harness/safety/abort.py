"""When a running rehearsal must be stopped (exit 4): the system fails too many requests, or the control plane is gone.

Pure functions of rows and the time; `AbortWatch` reads the rows of a record for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.plan.model import Abort, Plan
from harness.record.reader import RecordReader
from harness.record.rows import FAILED, Gap, Requests

CONTROL_PLANE = "control-plane"

_STILL_OPEN = 2.0
"""A gap that was last extended within so many seconds is still going on."""


def too_many_failed(rows: Iterable[Requests], abort: Abort, now: float) -> str | None:
    """Why to stop by the share of failed requests whose intended start lies in the last `abort.window` seconds."""
    total = failed = 0
    for row in rows:
        if now - abort.window <= row.second <= now:
            total += row.count
            failed += row.count if row.outcome in FAILED else 0
    if total < max(1, abort.minimum_requests) or failed / total <= abort.error_rate:
        return None
    return (
        f"{failed} of {total} requests ({failed / total:.0%}) failed in the last {abort.window:g} s, "
        f"more than {abort.error_rate:.0%}"
    )


def control_plane_gone(last_seen: float, gaps: Iterable[Gap], abort: Abort, now: float) -> str | None:
    """Why to stop when the control plane has given no sign since `last_seen`, or a gap of its observer goes on for long."""
    silent = now - last_seen
    for gap in gaps:
        if gap.source == CONTROL_PLANE and gap.since <= now and gap.until >= now - _STILL_OPEN:
            silent = max(silent, now - gap.since)
    if silent <= abort.control_plane_gone:
        return None
    return f"the control plane has given no sign for {silent:.0f} s, longer than {abort.control_plane_gone:g} s"


class AbortWatch:
    """Asks every second whether the run must stop. Reads the record as it is being written."""

    def __init__(self, plan: Plan, run: Path) -> None:
        """`run`: the run's folder, with a record in it. Raises BadInput where there is none."""
        self._abort = plan.abort
        self._record = RecordReader(run)

    def check(self, now: float) -> str | None:
        """The reason to stop, a sentence, or None. `now`: seconds since the epoch. Before t0 nothing is judged."""
        t0 = self._record.meta("t0")
        if t0 is None or now < float(t0["at"]):
            return None
        rows = self._record.rows(Requests, "second >= ? AND second <= ?", (now - self._abort.window, now))
        if reason := too_many_failed(rows, self._abort, now):
            return reason
        found = self._record.select("SELECT max(at) FROM heartbeats WHERE source = ? AND at <= ?", (CONTROL_PLANE, now))
        last = found[0][0] if found and found[0][0] is not None else float(t0["at"])
        gaps = self._record.rows(Gap, "source = ? AND until >= ?", (CONTROL_PLANE, now - _STILL_OPEN))
        return control_plane_gone(max(last, float(t0["at"])), gaps, self._abort, now)

    def close(self) -> None:
        """Close the record."""
        self._record.close()
