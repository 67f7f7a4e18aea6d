"""Cron as KEDA reads it: five fields in a time zone, by the rules of robfig/cron (which KEDA's cron scaler uses).

They differ from Debian's cron in two points that matter at night: a time that daylight saving leaves out is skipped, not
caught up, and a time that comes twice fires twice. A step such as `*/2` does not count as a star.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_ONLY_IN_CRONSIM = re.compile(r"[#LW]")
_YEARS_AHEAD = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression in a time zone, e.g. `0 0 1 9 *` in Europe/Berlin. Raises ValueError where KEDA would refuse it."""

    expression: str
    timezone: str

    def __post_init__(self) -> None:
        self._check()
        zone(self.timezone)
        try:
            self._from(datetime(2000, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f"'{self.expression}' is no cron expression that KEDA accepts: {error}") from None

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time strictly after `moment` (aware); None where there is none within five years, as in KEDA."""
        found = next(self._from(moment), None)
        return found if found is not None and found - moment <= _YEARS_AHEAD else None

    def _from(self, moment: datetime) -> CronSim:
        fields = [field.replace("?", "*") for field in self.expression.split()]
        # With a field for seconds cronsim walks absolute time, without Debian's rules for the nights of the change.
        walk = CronSim(f"0 {' '.join(fields)}", moment.astimezone(zone(self.timezone)))
        walk.day_and = _is_star(fields[2]) or _is_star(fields[4])
        return walk

    def _check(self) -> None:
        fields = self.expression.split()
        if len(fields) != len(_FIELDS):
            raise ValueError(f"'{self.expression}' has {len(fields)} fields; KEDA wants five: {', '.join(_FIELDS)}")
        day_of_week = fields[4].upper()
        if _ONLY_IN_CRONSIM.search(re.sub(r"[A-Z]{3}", "", f"{fields[2]} {day_of_week}".upper())) or "7" in day_of_week:
            raise ValueError(
                f"'{self.expression}' is no cron expression that KEDA accepts: it knows no L, W, # and no day 7"
            )


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA time zone. Raises ValueError with the sentence to show."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is no IANA time zone such as Europe/Berlin") from None


def _is_star(field: str) -> bool:
    return any(part in ("*", "*/1") for part in field.split(","))
