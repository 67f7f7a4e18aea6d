"""RB008: a runbook promises something per territory, but the alert has lost the territory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.artefacts import Rule
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.kept import Known, Labels, labels
from harness.validate.promises import Threshold
from harness.validate.promql import Aggregation, Part, tree
from harness.validate.recorded import recorded
from harness.validate.rule import ValidationRule

_LABELS = ("territory", "region", "country", "gebiet", "land", "market", "markt", "territorium")
_PER = re.compile(
    r"\b(?:per|each|every|in every|je|pro|jede[mnrs]?)\s+(?:territory|region|country|market|gebiet|land|markt|territorium|"
    r"vertriebsgebiet)\b|\bof a (?:territory|region|country)\b|\beines (?:gebiets|landes|marktes)\b",
    re.IGNORECASE,
)


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Alerts named beside a threshold of one territory, or of each; only if rules here know such a label at all."""
    known = recorded(estate)
    label = _label(estate)
    if not label:
        return
    told: set[tuple[object, str]] = set()
    for threshold in estate.all(Threshold):
        if not threshold.territory and not _PER.search(threshold.sentence):
            continue
        for rule in estate.alerts:
            root = tree(rule.expr)
            if root is None or rule.alert not in threshold.alerts or (threshold.place.path, rule.alert) in told:
                continue
            kept = labels(root, known)
            if kept.may_have(label) or _fixed(rule, label, threshold.territory) or _fixed_in(root, label):
                continue
            told.add((threshold.place.path, rule.alert))
            yield _lost(threshold, rule, root, kept, label, known)


def _lost(threshold: Threshold, rule: Rule, root: Part, kept: Labels, label: str, known: Known) -> Defect:
    inside = {id(part) for part in root.walk()}
    by = kept.by if isinstance(kept.by, Aggregation) and id(kept.by) in inside else root
    return Defect(
        rule.within(by.start, by.end),
        f"The runbook promises this per {label}, but {rule.alert} puts all of them together",
        f"Keep '{label}' in the aggregation: a small one drowns in a large one otherwise",
        (Related(threshold.place, "the promise"),),
        confidence=Confidence.LIKELY if threshold.confidence is not Confidence.GUESS else Confidence.GUESS,
        understood=threshold.understood(),
    )


def _label(estate: Estate) -> str:
    """The label for territories that rules here match or group by."""
    found = " ".join(rule.expr for rule in estate.found.rules)
    return next((label for label in _LABELS if re.search(rf"\b{label}\b\s*(?:=|!|,|\))", found)), "")


def _fixed(rule: Rule, label: str, territory: str) -> bool:
    """Whether the rule says which territory it is for, by its labels or its name."""
    return label in rule.labels or bool(territory and re.search(rf"{territory}$|{territory.title()}(?![a-z])", rule.alert))


def _fixed_in(root: Part, label: str) -> bool:
    return any(
        matcher.name == label and matcher.op == "=" for selector in root.selectors() for matcher in selector.matchers
    )


RULE = ValidationRule("RB008", "territory-lost", "A promise per territory, an alert for all.", Severity.WARNING, check)
