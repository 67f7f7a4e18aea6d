"""SC035: a trigger refers to a TriggerAuthentication that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings, did_you_mean, nearest
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.triggers import triggers
from harness.validate.workload import folder, same_namespace


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """authenticationRef against what lies in the same folder; silent where no object of that kind does."""
    for thing, trigger in triggers(estate):
        name = trigger.node.get("authenticationRef", "name")
        kind = trigger.node.string("authenticationRef", "kind") or "TriggerAuthentication"
        if name is None:
            continue
        known = estate.things(kind)
        if any(one.name == name.text and (kind.startswith("Cluster") or same_namespace(one, thing)) for one in known):
            continue
        here = [one.name for one in known if folder(one) == folder(thing)]
        near = nearest(name.text, here)
        if here:
            yield Defect(
                name.place,
                f"There is no {kind} {name.text} for the {trigger.type} trigger of {thing.name}"
                f"{did_you_mean(name.text, here)}",
                f"Name a {kind} that exists" + (f": {near}" if near else ""),
                confidence=Confidence.LIKELY if near else Confidence.GUESS,
            )


RULE = ValidationRule(
    "SC035", "authentication-missing", "A trigger's TriggerAuthentication is not there.", Severity.WARNING, check
)
