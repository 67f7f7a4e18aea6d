"""SQ013: a journal without an index that finds what is still to be dispatched."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.journal import serves
from harness.validate.sql.repository import repository


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every table that reads like a journal against the indexes on it."""
    known = repository(estate)
    for table, marker in known.schema.journals():
        indexes = [one for one in known.schema.indexes if one.table == table.name]
        if not any(serves(one, marker) for one in indexes):
            yield Defect(
                table.statement.at(table.location),
                f"No index finds the entries of {table.title} that are still pending, so every poll reads the whole "
                "journal, the slower the longer the season lasts",
                f"CREATE INDEX … ON {table.title} (…) WHERE {marker.name} "
                + ("IS NULL" if marker.type in ("timestamptz", "timestamp", "date") else "…"),
                (Related(table.statement.at(marker.location), "tells dispatched entries from pending ones"),),
                Confidence.LIKELY,
            )


RULE = ValidationRule("SQ013", "journal-index", "A journal has no index on its pending entries.", Severity.WARNING, check)
