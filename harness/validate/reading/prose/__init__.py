"""Sentences, list items and tables -> promises, in German and English. What is not clear is not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.validate.artefacts import Found
from harness.validate.promises import Promise
from harness.validate.reading.expect import expected
from harness.validate.reading.prose.commands import commands
from harness.validate.reading.prose.conduct import alert_levels, peaks, prewarms, reactions, stabilisations
from harness.validate.reading.prose.context import Context
from harness.validate.reading.prose.mentions import mentions
from harness.validate.reading.prose.reviewed import reviews
from harness.validate.reading.prose.scales import scales
from harness.validate.reading.prose.seasons import seasons
from harness.validate.reading.prose.subjects import Vocabulary
from harness.validate.reading.prose.threshold_tables import threshold_tables
from harness.validate.reading.prose.thresholds import thresholds
from harness.validate.reading.runbookness import linked_pages

READERS: tuple[Callable[[Context], Iterator[Promise]], ...] = (
    thresholds,
    threshold_tables,
    seasons,
    scales,
    reactions,
    stabilisations,
    prewarms,
    peaks,
    alert_levels,
    mentions,
    commands,
    reviews,
)


def read_promises(found: Found) -> list[Promise]:
    """Every promise of every runbook page, in order of place. Pages that alerts link to become runbooks in `found`."""
    linked = linked_pages(found)
    found.pages = [replace(page, runbook=True) if page.file.path.parts[-2:] in linked else page for page in found.pages]
    words = Vocabulary.of(found)
    promises: list[Promise] = []
    for page in found.pages:
        if page.runbook:
            context = Context(page, words)
            promises += (promise for reader in READERS for promise in reader(context))
            promises += expected(page)
    return sorted(promises, key=_order)


def understood(found: Found) -> list[tuple[Promise, str]]:
    """Every promise with what was understood, for `--understood`."""
    return [(promise, promise.understood()) for promise in read_promises(found)]


def _order(promise: Promise) -> tuple[str, int, int, str, str]:
    place = promise.place
    return (str(place.path), place.line, place.column, type(promise).__name__, promise.understood())
