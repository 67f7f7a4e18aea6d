"""AL014: `for`, `keep_firing_for` or a group's interval is no duration."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scraping import duration


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """As Prometheus reads durations: 90s, 5m, 1h30m, 0."""
    for rule in estate.alerts:
        for key in ("for", "keep_firing_for"):
            written = rule.node.get(key)
            if written is None or not written.text or "{{" in written.text or "$" in written.text:
                continue
            if duration(written.text) is None:
                yield Defect(
                    written.place,
                    f"'{key}: {written.text}' of {rule.alert} is no duration, so Prometheus refuses the whole file",
                    f"Write it as {_meant(written.text)}, without spaces and decimals",
                )


def _meant(text: str) -> str:
    number = "".join(character for character in text if character.isdigit()) or "5"
    unit = next((letter for letter in text.lower() if letter in "smhd"), "m")
    return f"{number}{unit}"


RULE = ValidationRule("AL014", "no-duration", "'for' is no duration.", Severity.ERROR, check)
