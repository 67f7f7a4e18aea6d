"""RB001: a runbook speaks of an alert that no rule has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Mention, Promise, Reaction, Threshold
from harness.validate.rule import ValidationRule
from harness.validate.similar import Names
from harness.validate.text import Place

_CAMEL = re.compile(r"[A-ZÄÖÜ]\w*[a-zäöüß\d][A-ZÄÖÜ]\w*")
_FIRST = re.compile(r"[A-Z][a-z0-9]+")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every name of an alert on a page, if any alert was read at all; one finding for a name on a page."""
    if not estate.alerts:
        return
    ours, names = _prefixes(estate), Names(estate.alert_names)
    rules = {rule.alert: rule for rule in estate.alerts}
    told: set[tuple[object, str]] = set()
    for place, name, promise in (*_named(estate), *_headings(estate, names)):
        key = (place.path, name)
        if name in estate.alert_names or key in told:
            continue
        told.add(key)
        near = names.nearest(name)
        first = _FIRST.match(name)
        own = first is not None and first[0] in ours
        rule = rules.get(near)
        yield Defect(
            place,
            f"There is no alert {name} in the rules that were read" + (f"; the nearest is {near}" if near else ""),
            f"Write {near}, if that is meant" if near else "Add the rule, or take the name out of the runbook",
            (Related(rule.place, "the nearest alert"),) if rule is not None else (),
            confidence=promise.confidence
            if promise.confidence is Confidence.CERTAIN
            else Confidence.LIKELY
            if near or own
            else Confidence.GUESS,
            understood=promise.understood(),
        )


def _named(estate: Estate) -> Iterator[tuple[Place, str, Promise]]:
    for mention in estate.all(Mention):
        if mention.kind == "alert":
            yield mention.place, mention.name, mention
    for reaction in estate.all(Reaction):
        if reaction.alert:
            yield reaction.place, reaction.alert, reaction
    for threshold in estate.all(Threshold):
        for name in threshold.alerts:
            yield threshold.place, name, threshold


def _headings(estate: Estate, names: Names) -> Iterator[tuple[Place, str, Promise]]:
    """Headings that are a slip of an alert's name, whatever language its words are of."""
    for page in estate.runbooks:
        for heading in page.headings:
            name = heading.text.strip("` ")
            if _CAMEL.fullmatch(name) and name not in estate.alert_names and names.nearest(name):
                yield heading.place, name, Mention(place=heading.place, sentence=name, kind="alert", name=name)


def _prefixes(estate: Estate) -> frozenset[str]:
    """First words that mark alerts as the project's own: those of at least half of its alerts."""
    counted = Counter(found[0] for rule in estate.alerts if (found := _FIRST.match(rule.alert)))
    return frozenset(word for word, count in counted.items() if count * 2 >= len(estate.alerts) and count >= 2)


RULE = ValidationRule("RB001", "unknown-alert", "A runbook names an alert that no rule has.", Severity.ERROR, check)
