"""SC028: triggers of one name, or cached metrics of a scaler that has none."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import triggers_of
from harness.validate.yamltree import Node

UNCACHED = frozenset({"cpu", "memory", "cron"})


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Both are refused by KEDA's admission webhook."""
    for thing in estate.things("ScaledObject", "ScaledJob"):
        seen: dict[str, Node] = {}
        for trigger in triggers_of(thing):
            name, cached = trigger.node.get("name"), trigger.node.get("useCachedMetrics")
            if name is not None and name.text and name.text in seen:
                yield Defect(
                    name.place,
                    f"Two triggers of {thing.name} are named {name.text}; KEDA refuses it",
                    "Give each trigger a name of its own",
                    (Related(seen[name.text].place, "the first"),),
                )
            elif name is not None:
                seen[name.text] = name
            if cached is not None and cached.text == "true" and trigger.type in UNCACHED:
                yield Defect(
                    cached.place,
                    f"The {trigger.type} scaler has no metrics to cache; KEDA refuses {thing.name}",
                    "Take useCachedMetrics out",
                )


RULE = ValidationRule("SC028", "trigger-names", "Triggers share a name, or cache what cannot be.", Severity.ERROR, check)
