"""AL008: a message speaks of a label that the alert does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.kept import labels
from harness.validate.promql import tree
from harness.validate.recorded import FAR, recorded
from harness.validate.rule import ValidationRule

_SPOKEN = re.compile(r"(?:\$labels|\.Labels)\.(\w+)|index\s+\$labels\s+\"(\w+)\"")
_ASKED = re.compile(r"\{\{-?\s*(?:if|with|else if|range|and|or)\b[^}]*")
"""Whoever asks whether there is a label knows that there may be none."""


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """`{{ $labels.x }}` in annotations and labels against the labels that the expression keeps."""
    known = recorded(estate)
    for rule in estate.alerts:
        root = tree(rule.expr)
        if root is None:
            continue
        kept = labels(root, known)
        for where in ("annotations", "labels"):
            node = rule.node.get(where)
            added = rule.labels if where == "annotations" else {}
            for _, value in node.items() if node is not None else ():
                asked = " ".join(_ASKED.findall(value.text))
                for match in _SPOKEN.finditer(value.text):
                    label = match[1] or match[2]
                    if kept.may_have(label) or label in added or label in FAR or f".{label}" in asked:
                        continue
                    by = kept.by if kept.by is not None and kept.by in root.walk() else root
                    yield Defect(
                        value.within(match.start(), match.end()),
                        f"{rule.alert} never has the label '{label}', so this place of its message stays empty",
                        f"Keep '{label}' in the aggregation, or leave it out of the message",
                        (Related(rule.within(by.start, by.end), "what is left of the labels here"),),
                    )


RULE = ValidationRule("AL008", "empty-in-message", "A message speaks of a label the alert lost.", Severity.WARNING, check)
