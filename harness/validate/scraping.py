"""How often series are scraped, as far as the estate says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from harness.plan.promql import parse_duration
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence
from harness.validate.promql import Selector
from harness.validate.text import Place

_DEFAULT = timedelta(minutes=1)
"""Prometheus' own default of `global.scrape_interval`."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Between two scrapes, how sure that is, and where it is written."""

    every: timedelta
    confidence: Confidence
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Scraping:
    """Intervals by job, and what holds for a selector that names none: the shortest of all, so that nobody is blamed."""

    jobs: Mapping[str, Interval]
    shortest: Interval

    def of(self, selector: Selector) -> Interval:
        """The interval of a selector's series."""
        job = next((one.value for one in selector.matchers if one.name == "job" and one.op == "="), "")
        return self.jobs.get(job, self.shortest)


def scraping(estate: Estate, settings: Settings) -> Scraping:
    """From Prometheus' configurations and the operator's monitors; else from the settings, which is a guess."""
    jobs: dict[str, Interval] = {}
    for config in estate.found.prometheuses:
        usual = config.node.get("global", "scrape_interval")
        for job in config.node.get("scrape_configs") or ():
            written = job.get("scrape_interval") or usual
            every = duration(written.text) if written is not None else _DEFAULT
            if every is not None:
                place = written.place if written is not None else job.place
                jobs[job.string("job_name")] = Interval(every, Confidence.CERTAIN, place)
    for thing in estate.things("ServiceMonitor", "PodMonitor"):
        for kind in ("endpoints", "podMetricsEndpoints"):
            for endpoint in thing.node.get("spec", kind) or ():
                written = endpoint.get("interval")
                every = duration(written.text) if written is not None else None
                if written is not None and every is not None:
                    jobs[thing.name] = Interval(every, Confidence.LIKELY, written.place)
    if jobs:
        return Scraping(jobs, min(jobs.values(), key=lambda one: one.every))
    chosen = settings.scrape_seconds != Settings(settings.today).scrape_seconds
    return Scraping(
        {}, Interval(timedelta(seconds=settings.scrape_seconds), Confidence.LIKELY if chosen else Confidence.GUESS)
    )


def duration(text: str) -> timedelta | None:
    """A duration as Prometheus writes it, or None; a bare number is none, but for 0."""
    try:
        return parse_duration(text) if not text.strip().isdecimal() or text.strip() == "0" else None
    except ValueError:
        return None
