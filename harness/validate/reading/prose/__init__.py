"""Sentences, list items and tables -> promises, in German and English. What is not clear is not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.validate.artefacts import Found, MarkdownPage, Unreadable
from harness.validate.bounded import TooLong, bounded
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

MOST_SECONDS = 10.0
"""So long may what one page promises take to be read."""


def read_promises(found: Found) -> list[Promise]:
    """Every promise of every runbook page, in order of place. Pages that alerts link to become runbooks in `found`."""
    linked = linked_pages(found)
    found.pages = [replace(page, runbook=True) if page.file.path.parts[-2:] in linked else page for page in found.pages]
    words = Vocabulary.of(found)
    promises: list[Promise] = []
    for page in found.pages:
        if page.runbook:
            promises += _promises_of(page, words, found)
    return sorted(promises, key=_order)


def _promises_of(page: MarkdownPage, words: Vocabulary, found: Found) -> list[Promise]:
    """A page on which a reader breaks, or takes too long, promises nothing, and is told of as unreadable."""
    try:
        with bounded(MOST_SECONDS):
            context = Context(page, words)
            return [*(promise for reader in READERS for promise in reader(context)), *expected(page)]
    except Exception as error:
        says = f"What this page promises cannot be read: {type(error).__name__}: {error}"
        found.unreadable.append(Unreadable(page.file.at(0), says, "Report it with the page; exclude it until it is mended"))
    except TooLong:
        says = f"Reading what this page promises takes longer than {MOST_SECONDS:g} s, so it is not known"
        found.unreadable.append(Unreadable(page.file.at(0), says, "Split the page, or exclude it in the configuration"))
    return []


def _order(promise: Promise) -> tuple[str, int, int, str, str]:
    place = promise.place
    return (str(place.path), place.line, place.column, type(promise).__name__, promise.understood())
