"""CA007: a window that opens later, or closes earlier, than the hours the season promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.calendar.localtime import day_offset, local
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scheduled import Comparison, Scheduled, compared, dates, scheduled


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The hours of every promised day that is covered at all; missing days are CA006's, other zones CA013's."""
    for one in scheduled(estate, settings):
        if one.season.opens is None and one.season.closes is None:
            continue
        comparison = compared(one, settings)
        if comparison is not None and _same_clock(one, comparison):
            yield from _defects(one, comparison, settings)


def _defects(one: Scheduled, comparison: Comparison, settings: Settings) -> Iterator[Defect]:
    # Where it is not said whether the hours are those of each day, only what both readings share is asked for.
    each_day = replace(dates(one.season, one.thing, settings), each_day=True)
    promised = each_day.promised(one.timezone, comparison.first.year - 1, comparison.last.year)
    missing = (promised & comparison.around) - comparison.cover
    gaps = [
        (local(one.timezone, since), local(one.timezone, until))
        for since, until in missing.stretches
        if local(one.timezone, since).date() in comparison.covered
        and local(one.timezone, until - 1).date() in comparison.promised
    ]
    if not gaps:
        return
    since, until = gaps[0]
    late = since.hour * 60 + since.minute == each_day.opens
    part = "start" if late else "end"
    yield Defect(
        one.windows[0 if late else -1].part(part),
        f"{one.label} is closed from {since:%H:%M} to {until:%H:%M} on {since:%d %b %Y}, within the promised hours"
        + (f" (and on {len(gaps) - 1} other days)" if len(gaps) > 1 else ""),
        f"Let it {'open' if late else 'stay open'} by then; --emit prints the pair of crons",
        (Related(one.season.place, "the promise"),),
        one.confidence,
        one.season.understood(),
    )


def _same_clock(one: Scheduled, comparison: Comparison) -> bool:
    return all(
        window.pair is not None and day_offset(window.pair.timezone, day) == day_offset(one.timezone, day)
        for window in one.windows
        for day in (comparison.first, comparison.last)
    )


RULE = ValidationRule(
    "CA007",
    "season-hours-missing",
    "A window that opens later or closes earlier than the promised hours.",
    Severity.ERROR,
    check,
)
