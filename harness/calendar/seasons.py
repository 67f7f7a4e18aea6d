"""A season as days and hours of every year, and the minutes it promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from harness.calendar.coverage import Coverage
from harness.calendar.localtime import DAY, minute_of

_SATURDAY = 5
_LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class SeasonDates:
    """A season: month and day of its first and last day, both included; it may pass the end of the year.

    `year`: the only year in which it begins. `opens`, `closes`: minutes past midnight (1440 is the end of the day); a
    close at or before the opening is on the next day. `each_day`: the hours hold on every day, rather than the opening on
    the first day and the close on the last. `workdays`: Monday to Friday only. `off`: days that are left out.
    """

    first: tuple[int, int]
    last: tuple[int, int]
    year: int | None = None
    opens: int = 0
    closes: int = DAY
    each_day: bool = False
    workdays: bool = False
    off: frozenset[date] = frozenset()

    def occurrence(self, year: int) -> tuple[date, date]:
        """First and last day of the season that begins in a year; 29 February is moved inwards where there is none."""
        first = _day(year, self.first, 1)
        last = _day(year if self.first <= self.last else year + 1, self.last, -1)
        return first, last

    def years(self, first: int, last: int) -> range:
        """The years from `first` to `last` in which it begins."""
        if self.year is None:
            return range(first, last + 1)
        return range(self.year, self.year + 1) if first <= self.year <= last else range(0)

    def next_occurrence(self, day: date) -> tuple[date, date] | None:
        """The first occurrence that is not over on a day."""
        for year in self.years(day.year - 1, day.year + 1):
            found = self.occurrence(year)
            if found[1] >= day:
                return found
        return None

    def days(self, first: date, last: date) -> frozenset[date]:
        """The days it promises between two days, both included."""
        return _days(self, first, last)

    def promised(self, timezone: str, first_year: int, last_year: int) -> Coverage:
        """The minutes that it promises in the years it begins in, by a zone's clock."""
        found: list[tuple[int, int]] = []
        closes = self.closes if self.closes > self.opens else self.closes + DAY
        for year in self.years(first_year, last_year):
            first, last = self.occurrence(year)
            if self.each_day or self.workdays or self.off:
                found.extend(
                    (minute_of(timezone, day, self.opens), minute_of(timezone, day, closes))
                    for day in _range(first, last)
                    if self.is_on(day)
                )
            else:
                found.append((minute_of(timezone, first, self.opens), minute_of(timezone, last, closes)))
        return Coverage.of(found)

    def is_on(self, day: date) -> bool:
        """Whether it holds on a day between its first and its last."""
        return not (self.workdays and day.weekday() >= _SATURDAY) and day not in self.off


@lru_cache(maxsize=4096)
def _days(season: SeasonDates, first: date, last: date) -> frozenset[date]:
    """Kept, because many objects are compared with the same season."""
    return frozenset(
        day
        for year in season.years(first.year - 1, last.year)
        for begins, ends in [season.occurrence(year)]
        for day in _range(max(begins, first), min(ends, last))
        if season.is_on(day)
    )


def stretches(days: frozenset[date]) -> list[tuple[date, date]]:
    """Days as runs from a first to a last day, in order."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _day(year: int, month_day: tuple[int, int], inwards: int) -> date:
    if month_day == _LEAP_DAY and not _leap(year):
        return date(year, 3, 1) if inwards > 0 else date(year, 2, 28)
    return date(year, *month_day)


def _leap(year: int) -> bool:
    return (date(year, 3, 1) - date(year, 2, 1)).days == 29


def _range(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
