"""The windows of a KEDA cron trigger: when is it open, and which windows does a year have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from harness.calendar.cron import Cron, zone


@dataclass(frozen=True, slots=True)
class CronTrigger:
    """A trigger of type `cron` of a ScaledObject."""

    name: str
    start: Cron
    end: Cron
    desired: int

    @property
    def timezone(self) -> str:
        """IANA name of the zone both expressions are read in."""
        return self.start.timezone


@dataclass(frozen=True, slots=True)
class Opening:
    """A window: `opens` <= t < `closes`, both aware."""

    opens: datetime
    closes: datetime

    def overlaps(self, since: datetime, until: datetime) -> bool:
        """Whether some instant of [since, until) lies in the window."""
        return self.opens < until and since < self.closes


def read_trigger(trigger: Mapping[str, Any]) -> CronTrigger:
    """A trigger of a ScaledObject -> CronTrigger. Raises ValueError where KEDA's cron scaler would refuse it."""
    metadata = trigger.get("metadata") or {}
    missing = [key for key in ("timezone", "start", "end", "desiredReplicas") if not metadata.get(key)]
    if missing:
        raise ValueError(f"the cron trigger '{trigger.get('name', '')}' lacks {', '.join(missing)}")
    start, end, timezone = (str(metadata[key]) for key in ("start", "end", "timezone"))
    if start == end:
        raise ValueError(f"start and end are both '{start}'; KEDA refuses a window without length")
    try:
        desired = int(str(metadata["desiredReplicas"]))
    except ValueError:
        raise ValueError(f"desiredReplicas is no number: '{metadata['desiredReplicas']}'") from None
    if desired == 0:
        raise ValueError("desiredReplicas is 0; KEDA refuses a window that wants no pods")
    return CronTrigger(str(trigger.get("name", "")), Cron(start, timezone), Cron(end, timezone), desired)


def is_open(trigger: CronTrigger, at: datetime) -> bool:
    """Whether KEDA would scale at `at` (aware): open unless the next start comes before the next end.

    Source: GetMetricsAndActivity in pkg/scalers/cron_scaler.go of KEDA 2.21. A time that never comes counts there as the
    zero time, which lies before every other.
    """
    start, end = trigger.start.next_after(at), trigger.end.next_after(at)
    if end is None:
        return start is None or start <= at
    return start is None or not start < end


def windows(trigger: CronTrigger, year: int) -> list[Opening]:
    """Every window that opens in the calendar year of the trigger's own zone, in order."""
    begin = datetime(year, 1, 1, tzinfo=zone(trigger.timezone))
    return list(openings(trigger, begin, datetime(year + 1, 1, 1, tzinfo=begin.tzinfo)))


def openings(trigger: CronTrigger, since: datetime, until: datetime) -> Iterator[Opening]:
    """Windows that open in [since, until). A start within an open window opens nothing new."""
    moment = since - timedelta(seconds=1)
    while (opens := trigger.start.next_after(moment)) is not None and opens < until:
        closes = trigger.end.next_after(opens)
        if closes is None:
            return
        yield Opening(opens, closes)
        moment = closes - timedelta(seconds=1)
