"""CA001: a cron trigger that KEDA refuses."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.windows import windows


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every cron trigger as KEDA's scaler would read it; a start that is the end is CA002's."""
    for window in windows(estate):
        if window.refused and "without length" not in window.refused:
            yield Defect(
                window.fault,
                f"KEDA refuses {window.label}: {window.refused}",
                "Write five fields (minute, hour, day of month, month, day of week 0 to 6), an IANA time zone and a number",
            )


RULE = ValidationRule(
    "CA001", "cron-refused", "A cron trigger that KEDA refuses, so that its window never opens.", Severity.ERROR, check
)
