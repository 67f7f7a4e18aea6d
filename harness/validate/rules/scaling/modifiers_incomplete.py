"""SC029: scaling modifiers without a target, or with names that no trigger has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.estate import Estate, Settings, did_you_mean
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import RESOURCES, Scaler, scalers

_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'|\[[^\]]*\]")
_NAME = re.compile(r"(?<![\w.$#])[A-Za-z_]\w*(?!\w*\s*\()")
_WORDS = frozenset({"and", "or", "not", "in", "true", "false", "nil", "let", "if", "else", "matches", "contains", "float"})


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """The formula's names against the triggers' names, its target, as KEDA's admission webhook does."""
    for scaler in scalers(estate):
        formula = scaler.spec("advanced", "scalingModifiers", "formula") if scaler.keda else None
        target = scaler.spec("advanced", "scalingModifiers", "target") if scaler.keda else None
        if formula is None:
            continue
        if target is None or not target.text:
            yield Defect(
                formula.place,
                f"The formula of {scaler.name} has no target to compare its result with; KEDA refuses it",
                "Add advanced.scalingModifiers.target",
            )
        named = {trigger.name for trigger in scaler.triggers if trigger.name and trigger.type not in RESOURCES}
        for name in sorted(_names(formula.text) - named):
            yield Defect(
                formula.place,
                f"The formula of {scaler.name} uses `{name}`, but no trigger {_that(scaler, name)}"
                f"{did_you_mean(name, named)}",
                f"Give a trigger the name {name}, or take it out of the formula",
            )


def _names(formula: str) -> set[str]:
    bare = _TEXT.sub(" ", formula)
    local = set(re.findall(r"\blet\s+(\w+)", bare))
    return {name for name in _NAME.findall(bare) if name not in _WORDS} - local


def _that(scaler: Scaler, name: str) -> str:
    resource = any(trigger.name == name for trigger in scaler.triggers)
    return "of KEDA's own has that name (cpu and memory cannot be used)" if resource else "has that name"


RULE = ValidationRule(
    "SC029", "modifiers-incomplete", "Scaling modifiers lack a target or name no trigger.", Severity.ERROR, check
)
