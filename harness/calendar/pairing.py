"""Whether the fires of a start and an end take turns, which KEDA needs to be what its reader thinks it is."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from itertools import pairwise

from harness.calendar.coverage import fires, last_fire, next_fire
from harness.calendar.cron import Cron
from harness.calendar.localtime import ordinal_minutes

_SINCE, _UNTIL = (ordinal_minutes(date(year, 1, 1).toordinal()) for year in (2026, 2028))


def out_of_turn(start: Cron, end: Cron, since: int, until: int) -> list[tuple[str, int, int]]:
    """Neighbouring fires of the same kind (`start` or `end`) around [since, until), by the clock on the wall.

    Both at once count as the end first. The nights of the change of clocks play no part: everything is read as UTC.
    """
    start, end = Cron(start.expression, "UTC"), Cron(end.expression, "UTC")
    events = sorted(
        [(at, "end") for at in _with_neighbours(end, since, until)]
        + [(at, "start") for at in _with_neighbours(start, since, until)]
    )
    return [(kind, at, other) for (at, kind), (other, same) in pairwise(events) if kind == same]


@lru_cache(maxsize=4096)
def takes_turns(start: Cron, end: Cron) -> bool:
    """Whether both come at all, and never twice without the other in between. Looks at two years."""
    if next_fire(start, _SINCE) is None or next_fire(end, _SINCE) is None:
        return False
    (*clock, days, months, weekdays), (*other, end_days, end_months, end_weekdays) = start.values(), end.values()
    once = clock != other and all(len(numbers) == 1 for numbers in (*clock, *other))
    same_days = (days, months, weekdays) == (end_days, end_months, end_weekdays) and start.day_and == end.day_and
    if once and same_days:
        return True
    return not out_of_turn(start, end, _SINCE, _UNTIL) and start.values() != end.values()


def _with_neighbours(cron: Cron, since: int, until: int) -> list[int]:
    before, after = last_fire(cron, since), next_fire(cron, until)
    return [at for at in (before, *fires(cron, since, until), after) if at is not None]
