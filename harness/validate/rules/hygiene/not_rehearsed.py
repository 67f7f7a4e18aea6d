"""RB032: a `yaml expect` block that no rehearsal judges."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rehearsed import expectations, judged, rehearsed_pages
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every expectation of every runbook against what the rehearsals that were read judge; silent where none was read."""
    if not estate.found.rehearsals:
        return
    known, rehearsed = judged(estate), rehearsed_pages(estate)
    for one in expectations(estate):
        if one.id and one not in known and (one.page.runbook or one.page in rehearsed):
            yield Defect(
                (one.node.get("id") or one.node).place,
                f"No rehearsal judges '{one.id}': nothing has shown that it holds",
                "Name it under `expect` or `also` of a rehearsal, or point a rehearsal's `runbook` at its section",
                # A page that no rehearsal knows at all may be documentation that shows a block.
                severity=Severity.WARNING if one.page in rehearsed else Severity.INFO,
            )


RULE = ValidationRule("RB032", "not-rehearsed", "A `yaml expect` block that no rehearsal judges.", Severity.WARNING, check)
