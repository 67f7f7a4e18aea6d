"""AL011: a range that is shorter than two scrape intervals."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.promql import Call, Selector, tree
from harness.validate.rule import ValidationRule
from harness.validate.scraping import scraping

_TWO_SAMPLES = frozenset({"rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "changes", "resets"})


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Functions that need two samples, over series that are scraped (not recorded)."""
    scraped = scraping(estate, settings)
    for rule in estate.found.rules:
        root = tree(rule.expr)
        for part in root.walk() if root is not None else ():
            series = part.args[0] if isinstance(part, Call) and part.name in _TWO_SAMPLES else None
            if not isinstance(series, Selector) or series.range is None or ":" in series.name:
                continue
            interval = scraped.of(series)
            if series.range < 2 * interval.every:
                asked, every = series.range.total_seconds(), interval.every.total_seconds()
                yield Defect(
                    rule.within(series.start, series.end),
                    f"{asked:g} s hold fewer than two samples at one scrape every {every:g} s, so {rule.name} has gaps",
                    f"Use at least {2 * every:g} s, better {4 * every:g} s, so that one lost scrape does no harm",
                    (Related(interval.place, f"scraped every {every:g} s"),) if interval.place is not None else (),
                    confidence=interval.confidence,
                )


RULE = ValidationRule("AL011", "range-too-short", "A range is shorter than two scrapes.", Severity.ERROR, check)
