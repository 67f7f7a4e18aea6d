"""Which minutes a window is open, exact to the minute over years: sets of minutes, and KEDA's rule for a pair of crons.

KEDA does not pair a start with its end. It looks at what comes next: an end (or both at once) means open, a start means
closed. So between two neighbouring fires the window is open exactly when the later one is an end.
Source: GetMetricsAndActivity in pkg/scalers/cron_scaler.go of KEDA 2.21.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from harness.calendar.cron import Cron
from harness.calendar.localtime import DAY, local, minute_of, minutes_of, offsets, ordinal_minutes

YEARS_AHEAD = 5
"""How far robfig/cron looks for the next time."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A set of minutes since the epoch: stretches [since, until) in order, disjoint and not touching."""

    stretches: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, stretches: Iterable[tuple[int, int]]) -> Coverage:
        """The union of any stretches, in any order."""
        found: list[tuple[int, int]] = []
        for since, until in sorted(stretches):
            if since >= until:
                continue
            if found and since <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], until))
            else:
                found.append((since, until))
        return cls(tuple(found))

    @property
    def minutes(self) -> int:
        """How many minutes it holds."""
        return sum(until - since for since, until in self.stretches)

    def __contains__(self, minute: int) -> bool:
        at = bisect_right(self.stretches, (minute, 1 << 60)) - 1
        return at >= 0 and minute < self.stretches[at][1]

    def __or__(self, other: Coverage) -> Coverage:
        return Coverage.of(self.stretches + other.stretches)

    def __and__(self, other: Coverage) -> Coverage:
        found: list[tuple[int, int]] = []
        if not self.stretches or not other.stretches:
            return Coverage()
        # Both are walked from where they can first meet: a season against the days of a year is a matter of a few steps.
        mine = max(bisect_right(self.stretches, (other.stretches[0][0], 1 << 60)) - 1, 0)
        theirs = max(bisect_right(other.stretches, (self.stretches[0][0], 1 << 60)) - 1, 0)
        while mine < len(self.stretches) and theirs < len(other.stretches):
            (since, until), (other_since, other_until) = self.stretches[mine], other.stretches[theirs]
            if max(since, other_since) < min(until, other_until):
                found.append((max(since, other_since), min(until, other_until)))
            if until < other_until:
                mine += 1
            else:
                theirs += 1
        return Coverage(tuple(found))

    def __sub__(self, other: Coverage) -> Coverage:
        if not self.stretches:
            return self
        first, last = self.stretches[0][0], self.stretches[-1][1]
        edges = [first, *(edge for stretch in other.stretches for edge in stretch), last]
        gaps = [(edges[at], edges[at + 1]) for at in range(0, len(edges), 2)]
        return self & Coverage.of(gaps)

    def between(self, since: int, until: int) -> Coverage:
        """What lies in [since, until)."""
        return self & Coverage(((since, until),)) if since < until else Coverage()

    def days(self, timezone: str) -> frozenset[date]:
        """The days of a zone's calendar that hold at least one of its minutes."""
        return _days_of(self.stretches, timezone)


def fires(cron: Cron, since: int, until: int) -> list[int]:
    """Every minute of [since, until) at which a cron fires."""
    found: list[int] = []
    for year in range(local(cron.timezone, since).year, local(cron.timezone, until).year + 1):
        found.extend(_fires_of_year(cron, year))
    return found[bisect_left(found, since) : bisect_left(found, until)]


def next_fire(cron: Cron, minute: int) -> int | None:
    """The first minute at or after `minute` at which a cron fires; None where it does not within five years."""
    year = local(cron.timezone, minute).year
    for ahead in range(year, year + YEARS_AHEAD + 1):
        found = _fires_of_year(cron, ahead)
        at = bisect_left(found, minute)
        if at < len(found):
            return found[at]
    return None


def last_fire(cron: Cron, minute: int) -> int | None:
    """The last minute before `minute` at which a cron fired; None where it did not for five years."""
    year = local(cron.timezone, minute).year
    for back in range(year, year - YEARS_AHEAD - 1, -1):
        found = _fires_of_year(cron, back)
        at = bisect_left(found, minute)
        if at > 0:
            return found[at - 1]
    return None


@lru_cache(maxsize=4096)
def coverage(start: Cron, end: Cron, since: int, until: int) -> Coverage:
    """The minutes of [since, until) in which KEDA holds a window from `start` to `end` open."""
    whole = Coverage(((since, until),))
    next_start, next_end = next_fire(start, since + 1), next_fire(end, since + 1)
    if next_start is None:
        return whole
    if next_end is None:
        return Coverage()
    starts, ends = fires(start, since + 1, until), fires(end, since + 1, until)
    starts.append(next_fire(start, until) or until + (1 << 40))
    ends.append(next_fire(end, until) or until + (1 << 40))
    found, at, before = [], 0, since
    for close in ends:
        while at < len(starts) and starts[at] < close:
            before = max(before, starts[at])
            at += 1
        if before >= until:
            break
        found.append((before, min(close, until)))
        before = close
    return Coverage.of(found)


def held(start: Cron, end: Cron, since: int, until: int) -> Coverage:
    """The minutes in which a pair of jobs leaves something on: from each start to the next end (CronJobs, not KEDA)."""
    began, ended = last_fire(start, since + 1), last_fire(end, since + 1)
    on = began is not None and (ended is None or began > ended)
    events = sorted([(at, 1) for at in fires(start, since + 1, until)] + [(at, 0) for at in fires(end, since + 1, until)])
    found, opened = [], since
    for at, kind in events:
        if kind and not on:
            opened, on = at, True
        elif not kind and on:
            found.append((opened, at))
            on = False
    return Coverage.of([*found, (opened, until)] if on else found)


@lru_cache(maxsize=2048)
def _days_of(stretches: tuple[tuple[int, int], ...], timezone: str) -> frozenset[date]:
    return frozenset(
        date.fromordinal(day)
        for since, until in stretches
        for day in range(local(timezone, since).toordinal(), local(timezone, until - 1).toordinal() + 1)
    )


@lru_cache(maxsize=16384)
def _fires_of_year(cron: Cron, year: int) -> tuple[int, ...]:
    """Every minute at which a cron fires in a year of its own zone."""
    minutes, hours, days, months, weekdays = cron.values()
    clocks = [hour * 60 + minute for hour in hours for minute in minutes]
    shifts = offsets(cron.timezone, year)
    first = date(year, 1, 1).toordinal()
    found: list[int] = []
    for ordinal in _days(days, months, weekdays, cron.day_and, year):
        shift = shifts[ordinal - first]
        if shift is not None:
            base = ordinal_minutes(ordinal) - shift
            found.extend([base + clock for clock in clocks])
        else:
            day = date.fromordinal(ordinal)
            found.extend(sorted(minute for clock in clocks for minute in minutes_of(cron.timezone, day, clock)))
    return tuple(found)


@cache
def _days(
    days: tuple[int, ...], months: tuple[int, ...], weekdays: tuple[int, ...], both: bool, year: int
) -> tuple[int, ...]:
    """The days (ordinals) of a year that fit; an ordinal modulo 7 is cron's day of the week."""
    found = []
    for month in months:
        first = date(year, month, 1).toordinal()
        after = (date(year, month + 1, 1) if month < 12 else date(year + 1, 1, 1)).toordinal()
        for ordinal in range(first, after):
            by_day, by_weekday = ordinal - first + 1 in days, ordinal % 7 in weekdays
            if (by_day and by_weekday) if both else (by_day or by_weekday):
                found.append(ordinal)
    return tuple(found)


def year_span(first: date, last: date, timezone: str) -> tuple[int, int]:
    """[midnight of the first day, midnight after the last day) in a zone, as minutes."""
    return minute_of(timezone, first, 0), minute_of(timezone, last, DAY)
