"""CA013: a window in a time zone whose clock is not that of the promise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from harness.calendar.localtime import local, minute_of
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import compared, scheduled


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Windows of a promised season on whose days both zones' clocks differ; sure where the promise names its zone."""
    for one in scheduled(estate, settings):
        comparison = compared(one, settings)
        for window in one.windows if comparison is not None else ():
            pair = window.pair
            if pair is None or comparison is None or pair.timezone == one.timezone:
                continue
            apart = _apart(pair.timezone, one.timezone, comparison.promised)
            if set(apart) == {0}:
                continue
            off = max(apart, key=abs)
            opens = next((since for since, _ in comparison.cover.stretches), None)
            hours = one.season.opens is not None or one.season.closes is not None
            yield Defect(
                window.part("timezone"),
                f"{window.subject} is in {pair.timezone}, {abs(off) / 60:g} h off {one.timezone} on "
                f"{apart[off]:%d %b %Y}"
                + (" and not on every day" if len(apart) > 1 else "")
                + (f"; it opens at {local(one.timezone, opens):%H:%M} there" if opens is not None else ""),
                f"Write timezone: {one.timezone}",
                (Related(one.season.place, "the promise"),),
                one.confidence if one.explicit else Confidence.LIKELY if hours else Confidence.GUESS,
                one.season.understood() + ("" if one.explicit else f", by the clock of {one.timezone}"),
            )


@lru_cache(maxsize=1024)
def _apart(timezone: str, other: str, days: frozenset[date]) -> dict[int, date]:
    """By how many minutes two clocks differ, with the first day of each difference."""
    return {minute_of(timezone, day, 720) - minute_of(other, day, 720): day for day in sorted(days, reverse=True)}


RULE = ValidationRule(
    "CA013", "zone-off-promise", "A window in a time zone whose clock is not that of the promise.", Severity.WARNING, check
)
