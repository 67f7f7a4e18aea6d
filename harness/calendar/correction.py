"""From a promised season to cron pairs that cover exactly it, proven minute by minute by KEDA's own rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from harness.calendar.coverage import Coverage, coverage, year_span
from harness.calendar.cron import Cron
from harness.calendar.localtime import DAY, local
from harness.calendar.seasons import SeasonDates, stretches

PROVEN_YEARS = 5
MOST_PAIRS = 12
"""More triggers than these nobody wants to read; then the days are better promised otherwise."""

_LEAP_DAY = (2, 29)


class NotExpressible(ValueError):
    """No cron pairs cover exactly this promise; the message says at which minute they part."""


@dataclass(frozen=True, slots=True)
class CronPair:
    """Start and end of one trigger."""

    start: str
    end: str
    timezone: str

    def cover(self, since: int, until: int) -> Coverage:
        """When KEDA holds it open."""
        return coverage(Cron(self.start, self.timezone), Cron(self.end, self.timezone), since, until)


@dataclass(frozen=True, slots=True)
class Correction:
    """Pairs that cover exactly a promise between two days. `every_year`: they need not be written anew each year."""

    pairs: tuple[CronPair, ...]
    first: date
    last: date
    every_year: bool


def corrected(season: SeasonDates, timezone: str, today: date) -> Correction:
    """Pairs that hold for every year where cron can say it, else for the coming season only.

    Proven over five years, or over the half years around the one season. Raises NotExpressible.
    """
    if season.year is None and not season.off:
        pairs = _every_year(season, timezone)
        first, last = date(today.year, 1, 1), date(today.year + PROVEN_YEARS - 1, 12, 31)
        if pairs and difference(pairs, season, timezone, first, last) is None:
            return Correction(pairs, first, last, True)
    return _one_year(season, timezone, today)


def difference(pairs: Sequence[CronPair], season: SeasonDates, timezone: str, first: date, last: date) -> str | None:
    """Where pairs and promise part first between two days, in words; None where they are the same to the minute."""
    since, until = year_span(first, last, timezone)
    really = Coverage()
    for pair in pairs:
        really = really | pair.cover(since, until)
    wanted = season.promised(timezone, first.year - 1, last.year).between(since, until)
    for words, wrong in (("is not covered", wanted - really), ("is covered and not promised", really - wanted)):
        if wrong.stretches:
            return f"{local(timezone, wrong.stretches[0][0]):%d %b %Y %H:%M} {words}"
    return None


def _every_year(season: SeasonDates, timezone: str) -> tuple[CronPair, ...]:
    if not (season.each_day or season.workdays):
        return _whole(season, timezone)
    pairs: list[CronPair] = []
    full, parts = _months(season)
    weekdays = "1-5" if season.workdays else "*"
    if season.workdays and parts:
        return ()  # a day of the month and a day of the week are alternatives in cron, never both
    ends_same_day = season.opens < season.closes < DAY
    if ends_same_day:
        if full:
            months = _list(full)
            pairs.append(_pair(season, timezone, f"* {months} {weekdays}", f"* {months} {weekdays}"))
        pairs.extend(
            _pair(season, timezone, f"{_span(*days)} {month} *", f"{_span(*days)} {month} *") for month, days in parts
        )
        return tuple(pairs)
    if season.workdays:
        return ()
    # The end is on the next day: all days of a month but its last share one trigger, the last has its own.
    for month, (first, last) in sorted([*((month, (1, _length(month))) for month in full), *parts]):
        within = last - 1 if last == _length(month) else last
        if first <= within:
            pairs.append(
                _pair(season, timezone, f"{_span(first, within)} {month} *", f"{_span(first + 1, within + 1)} {month} *")
            )
        if last == _length(month):
            pairs.append(_pair(season, timezone, f"{last} {month} *", f"1 {month % 12 + 1} *"))
    return tuple(pairs)


def _whole(season: SeasonDates, timezone: str) -> tuple[CronPair, ...]:
    """From the opening on the first day to the close on the last."""
    start = f"{season.first[1]} {season.first[0]} *"
    if season.closes <= season.opens or season.closes == DAY:
        after = date(2027, *_plain(season.last)) + timedelta(days=1)  # any year without a leap day
        return (_pair(season, timezone, start, f"{after.day} {after.month} *"),)
    if season.last != _LEAP_DAY:
        return (_pair(season, timezone, start, f"{season.last[1]} {season.last[0]} *"),)
    first = _pair(season, timezone, start, "28 2 *")
    # Its start comes every year, its end in leap years only: of several starts only the last before an end opens.
    return (first, CronPair(first.end, _cron(season.closes, "29 2 *"), timezone))


def _one_year(season: SeasonDates, timezone: str, today: date) -> Correction:
    """Every stretch of days of the coming season by its dates."""
    occurrence = season.next_occurrence(today)
    if occurrence is None:
        raise NotExpressible(f"the season of {season.year} is over")
    first, last = occurrence
    around = timedelta(days=max((364 - (last - first).days) // 2 - 1, 0))
    only = replace(season, year=first.year)
    if season.each_day or season.workdays or season.off:
        pairs = _by_dates(only, timezone, sorted(only.days(first, last)))
    else:
        pairs = _whole(replace(only, first=(first.month, first.day), last=(last.month, last.day)), timezone)
    if not pairs:
        raise NotExpressible(f"none of its days from {first:%d %b %Y} to {last:%d %b %Y} is promised")
    if len(pairs) > MOST_PAIRS:
        raise NotExpressible(f"it takes {len(pairs)} triggers; promise hours of the day, or whole months")
    if (wrong := difference(pairs, only, timezone, first - around, last + around)) is not None:
        raise NotExpressible(f"no cron pair covers exactly this: {wrong}")
    return Correction(pairs, first, last, False)


def _by_dates(season: SeasonDates, timezone: str, days: Sequence[date]) -> tuple[CronPair, ...]:
    if season.opens == 0 and season.closes == DAY:
        return tuple(
            _pair(season, timezone, f"{first.day} {first.month} *", f"{after.day} {after.month} *")
            for first, last in stretches(frozenset(days))
            for after in [last + timedelta(days=1)]
        )
    over = 0 if season.opens < season.closes < DAY else 1
    groups: dict[tuple[int, int], list[date]] = {}
    for day in days:
        groups.setdefault((day.month, (day + timedelta(days=over)).month), []).append(day)
    return tuple(
        _pair(
            season,
            timezone,
            f"{_list(day.day for day in group)} {month} *",
            f"{_list((day + timedelta(days=over)).day for day in group)} {end_month} *",
        )
        for (month, end_month), group in groups.items()
    )


def _months(season: SeasonDates) -> tuple[list[int], list[tuple[int, tuple[int, int]]]]:
    """The whole months of a season, and the parts of others as (month, (first day, last day))."""
    (first_month, first_day), (last_month, last_day) = season.first, season.last
    count = (last_month - first_month) % 12 + 1
    if count == 1 and season.first > season.last:
        count = 13
    full, parts = [], []
    for offset in range(count):
        month = (first_month - 1 + offset) % 12 + 1
        begin = first_day if offset == 0 else 1
        end = last_day if offset == count - 1 else _longest(month)
        if begin == 1 and end == _longest(month):
            full.append(month)
        else:
            parts.append((month, (begin, end)))
    return full, parts


def _pair(season: SeasonDates, timezone: str, start_days: str, end_days: str) -> CronPair:
    return CronPair(_cron(season.opens, start_days), _cron(season.closes % DAY, end_days), timezone)


def _cron(clock: int, days: str) -> str:
    return f"{clock % 60} {clock // 60} {days}"


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _list(numbers: Iterable[int]) -> str:
    """Numbers as cron writes them: 1-5,8,10-11."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(_span(first, last) for first, last in runs)


def _plain(month_day: tuple[int, int]) -> tuple[int, int]:
    return (2, 28) if month_day == _LEAP_DAY else month_day


def _longest(month: int) -> int:
    return 29 if month == 2 else _length(month)


def _length(month: int) -> int:
    """Days of a month in a year without a leap day."""
    return (date(2027 + month // 12, month % 12 + 1, 1) - date(2027, month, 1)).days
