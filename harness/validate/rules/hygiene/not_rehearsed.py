"""RB032: a `yaml expect` block that no rehearsal judges."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.validate.artefacts import MarkdownPage, Rehearsal
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.promises import Expected
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The ids of all blocks against what the rehearsals that were read judge; silent where none was read."""
    rehearsals = estate.found.rehearsals
    if not rehearsals:
        return
    pages = {os.path.normpath(page.file.path): page for page in estate.found.pages}
    judged: set[tuple[Path, str]] = set()
    rehearsed: set[Path] = set()
    for rehearsal in rehearsals:
        path, _, anchor = rehearsal.runbook.partition("#")
        page = pages.get(os.path.normpath(rehearsal.node.file.path.parent / path))
        if page is not None:
            rehearsed.add(page.file.path)
            judged |= {(page.file.path, id_) for id_ in _judged(estate, rehearsal, page, anchor)}
    for expected in estate.all(Expected):
        if (expected.place.path, expected.id) not in judged:
            yield Defect(
                expected.place,
                f"No rehearsal judges '{expected.id}': nothing has shown that it holds",
                "Name it under `expect` or `also` of a rehearsal, or point a rehearsal's `runbook` at its section",
                # A page that no rehearsal knows at all may be documentation that shows a block.
                severity=Severity.WARNING if expected.place.path in rehearsed else Severity.INFO,
            )


def _judged(estate: Estate, rehearsal: Rehearsal, page: MarkdownPage, anchor: str) -> set[str]:
    """What a rehearsal judges: the ids it names, or else all of its section; and those it names besides."""
    also = {item.text for item in rehearsal.node.get("also") or ()}
    named = rehearsal.node.get("expect")
    if named is not None:
        return also | {item.text for item in named}
    first, last = _section(page, anchor)
    return also | {
        one.id for one in estate.all(Expected) if one.place.path == page.file.path and first <= one.place.line < last
    }


def _section(page: MarkdownPage, anchor: str) -> tuple[int, float]:
    """The lines of a section: from its heading to the next of its level or above; the whole page without an anchor."""
    if not anchor:
        return 1, float("inf")
    level, first = 0, 0
    for heading in page.headings:
        if level and heading.level <= level:
            return first, heading.place.line
        if not level and anchor in heading.anchors.values():
            level, first = heading.level, heading.place.line
    return (first, float("inf")) if level else (0, 0)


RULE = ValidationRule("RB032", "not-rehearsed", "A `yaml expect` block that no rehearsal judges.", Severity.WARNING, check)
