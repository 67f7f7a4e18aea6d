"""SC007: a trigger is of no known type, lacks a setting that its scaler needs, or has one that it cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate, Settings, did_you_mean, nearest
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.scaler import RESOURCES, Trigger
from harness.validate.schema import versions
from harness.validate.triggers import FREE, NUMBERS, missing, other_names, scaler_settings, triggers

_PLACEHOLDER = re.compile(r"\$\{|\$\(|\{\{|^\$|^<|^__|%")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every trigger's type, metric type and settings; the cron scaler's are the calendar's."""
    known = scaler_settings()
    for thing, trigger in triggers(estate):
        kind = trigger.node.get("type")
        if kind is None or _PLACEHOLDER.search(kind.text):
            continue
        if trigger.type not in known:
            yield Defect(
                kind.place,
                f"KEDA {versions()['keda']} has no scaler `{trigger.type}`{did_you_mean(trigger.type, known)}",
                "Name a scaler that exists" + (f": {nearest(trigger.type, known)}" if nearest(trigger.type, known) else ""),
                confidence=Confidence.CERTAIN if nearest(trigger.type, known) else Confidence.LIKELY,
            )
            continue
        yield from _metric_type(thing, trigger)
        if trigger.type != "cron" and trigger.type not in FREE:
            yield from _settings(thing, trigger)


def _metric_type(thing: Thing, trigger: Trigger) -> Iterator[Defect]:
    written = trigger.node.get("metricType")
    if trigger.type in RESOURCES:
        if written is None and trigger.setting("type") is None:
            yield Defect(
                trigger.node.place,
                f"The {trigger.type} trigger of {thing.name} has no metricType; KEDA refuses it",
                "Add metricType: Utilization (per cent of the request) or AverageValue",
            )
        elif written is not None and written.text == "Value":
            yield Defect(
                written.place, f"The {trigger.type} scaler knows no metricType Value", "Write Utilization or AverageValue"
            )
    elif written is not None and written.text == "Utilization":
        yield Defect(
            written.place,
            f"metricType Utilization is for cpu and memory only; the {trigger.type} trigger fails",
            "Write AverageValue (the signal divided by the pods) or Value (the signal as it is)",
        )


def _settings(thing: Thing, trigger: Trigger) -> Iterator[Defect]:
    known = scaler_settings()[trigger.type]
    for name in missing(trigger):
        either = " or ".join(sorted(other_names(trigger.type, name)))
        from_env = f", or {name}FromEnv" if "env" in known[name].places else ""
        yield Defect(
            (trigger.node.get("type") or trigger.node).place,
            f"The {trigger.type} trigger of {thing.name} lacks `{name}`; KEDA refuses it",
            f"Add {either} to its metadata{from_env}",
        )
    given = {key.text for key, _ in trigger.metadata.items()} if trigger.metadata is not None else set()
    for key, value in trigger.metadata.items() if trigger.metadata is not None else ():
        setting = known.get(key.text)
        if _PLACEHOLDER.search(value.text) or key.text == "metricName":
            continue
        if setting is None:
            near = nearest(key.text, known)
            base = known.get(key.text.removesuffix("FromEnv")) if key.text.endswith("FromEnv") else None
            if (
                near and near not in given and base is None
            ):  # Without a near name it may be read where KEDA's list does not say.
                yield Defect(
                    key.place,
                    f"The {trigger.type} scaler knows no `{key.text}`; did you mean '{near}'? KEDA ignores it",
                    f"Write {near}",
                    confidence=Confidence.LIKELY,
                )
        elif setting.values and not {part.strip() for part in value.text.split(",")} <= set(setting.values):
            yield Defect(
                value.place,
                f"`{key.text}` of the {trigger.type} scaler is one of {', '.join(setting.values)}, not {value.text}",
                f"Choose one{'; ' + near + ' is near' if (near := nearest(value.text, setting.values)) else ''}",
            )
        elif key.text in NUMBERS and value.text and not _NUMBER.fullmatch(value.text):
            yield Defect(
                value.place,
                f"`{key.text}` of the {trigger.type} scaler is a number, not {value.text}; KEDA refuses the trigger",
                "Write the number alone, in quotes",
            )


RULE = ValidationRule(
    "SC007", "trigger-settings", "A trigger's type or settings are not what its scaler needs.", Severity.ERROR, check
)
