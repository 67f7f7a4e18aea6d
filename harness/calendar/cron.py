"""Cron as KEDA reads it: five fields in a time zone, by the rules of robfig/cron v3 (which KEDA's cron scaler uses).

They differ from Debian's cron in points that matter: a time that daylight saving leaves out is skipped, not caught up, and
one that comes twice fires twice; a step such as `*/2` does not count as a star; Sunday is 0 and never 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_YEARS_AHEAD = 5
"""robfig/cron gives up after so many years; KEDA then sees the zero time."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    words: Mapping[str, int]

    def values(self, text: str) -> set[int]:
        """All numbers that a field names. Raises ValueError. Source: getRange in robfig/cron v3.0.1, parser.go."""
        return {value for part in text.split(",") for value in self._part(part)}

    def is_star(self, text: str) -> bool:
        """Whether a field puts no condition, as robfig/cron's star bit."""
        return any(part in ("*", "?", "*/1", "?/1") for part in text.split(","))

    def _part(self, text: str) -> range:
        bounds, slash, step = text.partition("/")
        first, dash, last = bounds.partition("-")
        if first in ("*", "?"):
            low, high = self.least, self.most
        else:
            low = self._number(first)
            high = self._number(last) if dash else self.most if slash else low
        width = int(step) if slash and step.isdecimal() else 1
        if (slash and not step.isdecimal()) or width == 0 or not self.least <= low <= high <= self.most:
            raise ValueError(f"'{text}' is no {self.name}")
        return range(low, high + 1, width)

    def _number(self, text: str) -> int:
        if text.lower() in self.words:
            return self.words[text.lower()]
        if not text.isdecimal():
            raise ValueError(f"'{text}' is no {self.name}")
        return int(text)


_FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of month", 1, 31, {}),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTH_NAMES, 1)}),
    _Field("day of week (0 to 6)", 0, 6, {name: number for number, name in enumerate(_DAY_NAMES)}),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression in a time zone, e.g. `0 0 1 9 *` in Europe/Berlin. Raises ValueError where KEDA would refuse it."""

    expression: str
    timezone: str

    def __post_init__(self) -> None:
        zone(self.timezone)
        self._spelled_out()

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time strictly after `moment` (aware), in the zone of the expression; None where it never comes."""
        local = moment.astimezone(zone(self.timezone))
        try:
            # With a field for seconds cronsim walks absolute time, without Debian's rules for the nights of the change.
            walk = CronSim(f"0 {self._spelled_out()}", local)
        except CronSimError:
            return None  # a day that no month of the expression has
        walk.day_and = self.day_and
        found = next(walk, None)
        return found if found is not None and found.year <= local.year + _YEARS_AHEAD else None

    @property
    def day_and(self) -> bool:
        """Whether day of month and day of week must both fit; otherwise (both restricted) either is enough."""
        texts = self.expression.split()
        return _FIELDS[2].is_star(texts[2]) or _FIELDS[4].is_star(texts[4])

    def values(self) -> tuple[tuple[int, ...], ...]:
        """What each field names, in order: minutes, hours, days of month, months, days of week (Sunday is 0)."""
        return _values(self.expression)

    def _spelled_out(self) -> str:
        """Each field as a list of numbers, so that cronsim has nothing of its own to read into it."""
        texts = self.expression.split()
        if len(texts) != len(_FIELDS):
            names = ", ".join(field.name for field in _FIELDS)
            raise ValueError(f"'{self.expression}' has {len(texts)} fields; KEDA wants five: {names}")
        try:
            values = _values(self.expression)
        except ValueError as error:
            raise ValueError(f"'{self.expression}' is no cron expression that KEDA accepts: {error}") from None
        return " ".join(",".join(map(str, numbers)) for numbers in values)


@lru_cache(maxsize=8192)
def _values(expression: str) -> tuple[tuple[int, ...], ...]:
    """What the five fields name. Raises ValueError."""
    return tuple(tuple(sorted(field.values(text))) for field, text in zip(_FIELDS, expression.split(), strict=True))


def is_zone(name: str) -> bool:
    """Whether it is an IANA time zone."""
    try:
        return bool(name and zone(name))
    except ValueError:
        return False


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA time zone. Raises ValueError with the sentence to show."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is no IANA time zone such as Europe/Berlin") from None
