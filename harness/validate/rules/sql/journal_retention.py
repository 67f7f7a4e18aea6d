"""SQ014: a journal that only grows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.repository import repository


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every journal for which no DELETE, TRUNCATE, partition or partition manager is to be found in any file read."""
    known = repository(estate)
    texts = [file.text.lower() for file in estate.found.files]
    for table, _ in known.schema.journals():
        name = table.name.lower()
        removed = re.compile(
            rf"(?:\bdelete\s+from|\btruncate(?:\s+table)?|create_parent\s*\(|\bdrop\s+table)[^;]{{0,80}}\b{re.escape(name)}",
            re.I,
        )
        if not table.partitioned and not any(name in text and removed.search(text) for text in texts):
            yield Defect(
                table.statement.at(table.location),
                f"Nothing that was read ever removes an entry of {table.title}",
                "Partition it by time and drop old parts, or delete dispatched entries after some days",
                confidence=Confidence.GUESS,
            )


RULE = ValidationRule("SQ014", "journal-retention", "Nothing removes entries of a journal.", Severity.INFO, check)
