"""Whether a source is current: when each of its parts last really gave data, and the gaps between."""

from __future__ import annotations

from datetime import UTC, datetime

from harness.record.rows import Gap, Heartbeat

NOTHING_YET = "nothing came yet"


def wall_clock(at: float) -> str:
    """Seconds since the epoch as people read them in a note: `23:35:52 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"


class Currency:
    """What one source last really saw, part by part (a watched kind, a pod, a connection). No clock of its own.

    Current means: every part that is owed gave data within the last `patience` seconds (or its own). A gap begins at the
    last data of the part that is missing longest, and ends when all parts are current again.
    """

    def __init__(self, source: str, patience: float, started: float) -> None:
        self.source = source
        self.patience = patience
        self.complete_at: float | None = None
        self.open_since: float | None = None
        self._parts: dict[str, float] = {"": started}
        self._owed_first: set[str] = {""}
        self._reasons: dict[str, str] = {}
        self._blamed: dict[str, str] = {}
        self._patience: dict[str, float] = {}

    def expect(self, part: str, at: float, patience: float | None = None) -> None:
        """From `at` on this part owes data. Naming a known part again changes at most its patience."""
        if patience is not None:
            self._patience[part] = patience
        self._parts.pop("", None)
        self._owed_first.discard("")
        if part not in self._parts:
            self._parts[part] = at
            self._owed_first.add(part)

    def saw(self, at: float, part: str = "") -> None:
        """Data of this part was current at `at`."""
        if part:
            self.expect(part, at)
        before = self._parts.get(part, at)
        if at - before > self._allowed(part):  # silent for too long, though between two ticks
            self._open(part, before)
        self._parts[part] = max(at, self._parts.get(part, at))
        self._owed_first.discard(part)
        self._reasons.pop(part, None)
        self._reasons.pop("", None)

    def forget(self, part: str) -> None:
        """This part owes nothing any more (a pod ended, a kind is not served). A gap that only it caused was none."""
        self._parts.pop(part, None)
        self._owed_first.discard(part)
        self._reasons.pop(part, None)
        self._blamed.pop(part, None)

    def failed(self, reason: str, part: str = "") -> None:
        """Why data may be missing: the reason of the gap, if it becomes one."""
        self._reasons[part] = reason

    def missing(self, now: float) -> dict[str, str]:
        """Parts that owe data at `now`, with the reason as far as known."""
        return {
            part: self._reasons.get(part) or self._reasons.get("") or NOTHING_YET
            for part, at in self._parts.items()
            if part in self._owed_first or now - at > self._allowed(part)
        }

    def tick(self, now: float) -> Heartbeat | Gap | None:
        """To be called about every second: a Heartbeat while current, the Gap once it has ended, else None."""
        overdue = {part: at for part, at in self._parts.items() if now - at > self._allowed(part)}
        if overdue:
            for part, at in overdue.items():
                self._open(part, at)
            return None
        if self.complete_at is None:
            if self._owed_first:
                return None
            self.complete_at = now
        if self.open_since is not None:
            return self.close(now)
        return Heartbeat(now, self.source)

    def close(self, now: float) -> Gap | None:
        """The gap that is open, closed at `now`; None where there is none, or where all who caused it owed nothing."""
        since, blamed = self.open_since, self._blamed
        self.open_since, self._blamed = None, {}
        if since is None or not blamed:
            return None
        reason = "; ".join(f"{part}: {why}" if part else why for part, why in sorted(blamed.items()))
        return Gap(self.source, since, now, reason)

    def end(self, now: float) -> Gap | None:
        """The last word of a run: what is missing now, or since the last data if that is too long ago, is a gap."""
        self.tick(now)
        if self.open_since is None and self._owed_first:
            for part in self._owed_first:
                self._open(part, self._parts[part])
        return self.close(now)

    def _allowed(self, part: str) -> float:
        return self._patience.get(part, self.patience)

    def _open(self, part: str, since: float) -> None:
        self.open_since = since if self.open_since is None else min(self.open_since, since)
        self._blamed[part] = self._reason(part)

    def _reason(self, part: str) -> str:
        known = self._reasons.get(part) or self._reasons.get("") or self._blamed.get(part)
        return known or (NOTHING_YET if part in self._owed_first else f"no data for more than {self._allowed(part):g} s")
