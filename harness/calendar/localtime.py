"""Wall-clock times of a zone as minutes since the epoch, quick enough for every day of many years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

from harness.calendar.cron import zone

DAY = 1440
_EPOCH = date(1970, 1, 1).toordinal()


def ordinal_minutes(ordinal: int) -> int:
    """Minutes from the epoch to midnight UTC of a day (a date's ordinal)."""
    return (ordinal - _EPOCH) * DAY


@cache
def offsets(timezone: str, year: int) -> tuple[int | None, ...]:
    """The offset from UTC in minutes of each day of a year, None on a day on which the clock is changed."""
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    found = [_offset(timezone, datetime.fromordinal(day)) for day in range(first, last + 2)]
    return tuple(here if here == after else None for here, after in pairwise(found))


def day_offset(timezone: str, day: date) -> int | None:
    """The offset of a whole day in minutes, None where the clock is changed on it."""
    return offsets(timezone, day.year)[day.timetuple().tm_yday - 1]


def minutes_of(timezone: str, day: date, clock: int) -> tuple[int, ...]:
    """When a zone's clock shows `clock` (minutes past midnight) on a day: once; not at all or twice where it is changed."""
    offset = day_offset(timezone, day)
    if offset is not None:
        return (ordinal_minutes(day.toordinal()) + clock - offset,)
    naive = datetime.combine(day, datetime.min.time()) + timedelta(minutes=clock)
    found = set()
    for fold in (0, 1):
        moment = naive.replace(tzinfo=zone(timezone), fold=fold).astimezone(UTC)
        if moment.astimezone(zone(timezone)).replace(tzinfo=None) == naive:
            found.add(epoch_minute(moment))
    return tuple(sorted(found))


def minute_of(timezone: str, day: date, clock: int) -> int:
    """The minute of a wall-clock time; of a time that comes twice the first, of one that is left out the change itself.

    `clock` may reach past the day (1440 is the next midnight).
    """
    day, clock = day + timedelta(days=clock // DAY), clock % DAY
    for later in range(clock, clock + DAY):
        if found := minutes_of(timezone, day + timedelta(days=later // DAY), later % DAY):
            return found[0]
    raise ValueError(f"{day} is missing in {timezone}")


def epoch_minute(moment: datetime) -> int:
    """Whole minutes since the epoch of an aware time."""
    return int(moment.timestamp() // 60)


def local(timezone: str, minute: int) -> datetime:
    """A minute since the epoch on the zone's clock."""
    return datetime.fromtimestamp(minute * 60, zone(timezone))


def _offset(timezone: str, naive: datetime) -> int:
    offset = naive.replace(tzinfo=zone(timezone)).utcoffset() or timedelta()
    return int(offset.total_seconds() // 60)
