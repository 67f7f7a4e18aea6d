"""CA021: CronJobs that scale up and down for a season, on other days than it is promised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from harness.calendar.coverage import year_span
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Season
from harness.validate.rule import ValidationRule
from harness.validate.scalingjobs import JobPair, job_pairs
from harness.validate.scheduled import by_name, concerns, dates, days_told
from harness.validate.seasonnames import key, same_name, season_name, territory_of
from harness.validate.windows import horizon


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Pairs of jobs named after a season; a day at either end is the night in between and is left alone."""
    for pair in job_pairs(estate):
        words = key(pair.up.thing.name) + key(pair.down.thing.name)
        for named, group in by_name(estate).items():
            mine = [
                season for season in group if concerns(season, pair.up.thing) and season.confidence is not Confidence.GUESS
            ]
            if mine and same_name(words, named):
                yield from _compared(pair, mine, settings)


def _compared(pair: JobPair, seasons: list[Season], settings: Settings) -> Iterator[Defect]:
    season = seasons[0]
    wanted = [dates(one, pair.up.thing, settings) for one in seasons]
    ahead = [found for one in wanted if (found := one.next_occurrence(horizon(settings)[0]))]
    if not ahead or pair.up.cron is None:
        return
    first, last = min(begins for begins, _ in ahead), max(ends for _, ends in ahead)
    around = timedelta(days=max((364 - (last - first).days) // 2, 0))
    timezone = season.timezone or pair.up.cron.timezone
    covered = pair.cover(*year_span(first - around, last + around, timezone)).days(timezone)
    promised: frozenset[date] = frozenset().union(*(one.days(first - around, last + around) for one in wanted))
    missing = promised - covered
    extra = frozenset(day for day in covered - promised if not first - timedelta(days=1) <= day <= last + timedelta(days=1))
    for days, verb, job in ((missing, "leave out", pair.up), (extra, "keep the pods on", pair.down)):
        if days:
            yield Defect(
                job.schedule,
                f"{pair.up.thing.name} and {pair.down.thing.name} {verb} {days_told(days)}; {season_name(season)} is "
                f"promised from {first:%d %b %Y} to {last:%d %b %Y}",
                f"Let {pair.up.thing.name} run before the first day and {pair.down.thing.name} after the last",
                (Related(season.place, "the promise"),),
                season.confidence,
                season.understood() + (f" in {territory_of(pair.up.thing)}" if territory_of(pair.up.thing) else ""),
            )


RULE = ValidationRule(
    "CA021",
    "scaling-jobs-off-season",
    "CronJobs that scale for a season on other days than it is promised.",
    Severity.WARNING,
    check,
)
