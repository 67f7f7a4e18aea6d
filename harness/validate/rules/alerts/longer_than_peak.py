"""AL023: an alert reaches people only after the peak it is for."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.delivery import delivery
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Mention, Peak, Threshold
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The alerts that a page names against the shortest peak that it describes."""
    peaks: dict[object, Peak] = {}
    for peak in estate.all(Peak):
        known = peaks.get(peak.place.path)
        if known is None or peak.lasts < known.lasts:
            peaks[peak.place.path] = peak
    for path, peak in peaks.items():
        names = {one.name for one in estate.all(Mention) if one.kind == "alert" and one.place.path == path}
        names |= {name for one in estate.all(Threshold) if one.place.path == path for name in one.alerts}
        for rule in estate.alerts:
            way = delivery(rule, estate, settings)
            if rule.alert in names and way.total >= peak.lasts:
                yield Defect(
                    rule.place,
                    f"{rule.alert} takes {way.sum()}, but the peak is over after {peak.lasts.total_seconds():g} s",
                    "Shorten 'for', so that somebody can still act while the peak lasts",
                    (Related(peak.place, "the peak"), *way.related),
                    confidence=Confidence.GUESS if peak.confidence is Confidence.GUESS else Confidence.LIKELY,
                    understood=peak.understood(),
                )


RULE = ValidationRule("AL023", "longer-than-the-peak", "An alert comes after its peak.", Severity.WARNING, check)
