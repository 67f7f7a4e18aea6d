"""Sentences, list items and tables -> promises, in German and English. What is not clear is not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.validate.artefacts import Found
from harness.validate.promises import Promise
from harness.validate.reading.prose.context import Context
from harness.validate.reading.prose.seasons import seasons
from harness.validate.reading.prose.subjects import Vocabulary
from harness.validate.reading.prose.threshold_tables import threshold_tables
from harness.validate.reading.prose.thresholds import thresholds

READERS: tuple[Callable[[Context], Iterator[Promise]], ...] = (thresholds, threshold_tables, seasons)


def read_promises(found: Found) -> list[Promise]:
    """Every promise of every runbook page, in order of place."""
    words = Vocabulary.of(found)
    promises = [
        promise for page in found.pages if page.runbook for reader in READERS for promise in reader(Context(page, words))
    ]
    return sorted(promises, key=lambda one: (str(one.place.path), one.place.line, one.place.column, type(one).__name__))


def understood(found: Found) -> list[tuple[Promise, str]]:
    """Every promise with what was understood, for `--understood`."""
    return [(promise, promise.understood()) for promise in read_promises(found)]
