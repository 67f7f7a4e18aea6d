"""CA002: a window whose start is its end."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The same expression twice, which KEDA refuses, or the same times in other words, which it keeps open."""
    for window in windows(estate):
        if "without length" in window.refused:
            says = f"The start of {window.label} is its end, '{window.node.string('metadata', 'start')}': KEDA refuses it"
        elif window.pair is not None and (
            (window.pair.start.values(), window.pair.start.day_and) == (window.pair.end.values(), window.pair.end.day_and)
        ):
            says = (
                f"'{window.pair.end.expression}' is the same time as the start '{window.pair.start.expression}', so KEDA "
                f"keeps {window.label} open all year"
            )
        else:
            continue
        yield Defect(
            window.part("end"), says, "Set the end to when the pods may go", (Related(window.part("start"), "the start"),)
        )


RULE = ValidationRule("CA002", "start-is-end", "A window whose start is its end.", Severity.ERROR, check)
