"""CA022: a CronJob that scales by the controller manager's clock, where everything else names a time zone."""

from __future__ import annotations

from collections.abc import Iterator

from harness.calendar.cron import is_zone
from harness.calendar.localtime import day_offset
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Season
from harness.validate.rule import ValidationRule
from harness.validate.scalingjobs import CONTROLLERS_CLOCK, ScalingJob, scaling_jobs
from harness.validate.text import Place
from harness.validate.windows import horizon, windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Jobs without timeZone beside promises, cron triggers or other jobs whose zone is not always UTC."""
    day = horizon(settings)[0]
    zones: dict[str, Place] = {}
    for timezone, place in _named(estate):
        if is_zone(timezone) and day_offset(timezone, day) != day_offset(CONTROLLERS_CLOCK, day):
            zones.setdefault(timezone, place)
    for job in scaling_jobs(estate) if zones else ():
        if not job.timezone and job.cron is not None:
            timezone, place = next(iter(zones.items()))
            yield _defect(job, timezone, place)


def _named(estate: Estate) -> Iterator[tuple[str, Place]]:
    for season in estate.all(Season):
        yield season.timezone, season.place
    for window in windows(estate):
        if window.pair is not None:
            yield window.pair.timezone, window.part("timezone")
    for job in scaling_jobs(estate):
        yield job.timezone, job.thing.place


def _defect(job: ScalingJob, timezone: str, place: Place) -> Defect:
    return Defect(
        job.schedule,
        f"{job.thing.name} scales {job.target} by the clock of the controller manager, usually UTC; {timezone} is "
        "named elsewhere",
        f"Write timeZone: {timezone} beside the schedule",
        (Related(place, "the zone"),),
        Confidence.LIKELY,
    )


RULE = ValidationRule(
    "CA022", "scaling-job-without-zone", "A CronJob that scales without a time zone of its own.", Severity.WARNING, check
)
