"""What KEDA's scalers take (harness/validate/schemas/scalers.json) against the settings of triggers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate
from harness.validate.scaler import Trigger, triggers_of
from harness.validate.schema import SCHEMAS

NUMBERS = frozenset(
    """activationThreshold threshold activationValue lagThreshold activationLagThreshold queueLength activationQueueLength
    targetQueryValue activationTargetQueryValue queryValue activationQueryValue listLength activationListLength messageCount
    activationMessageCount targetValue activationTargetValue pendingEntriesCount streamLength lagCount desiredReplicas
    targetMetricValue activationTargetMetricValue unprocessedEventThreshold subscriptionSize""".split()  # noqa: SIM905
)
"""Settings that every scaler parses as a number."""
FREE = frozenset({"external", "external-push"})
"""Scalers that hand all settings on."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a scaler. `needed`: there is no default.

    `places`: where it is read from: metadata, env (`nameFromEnv` in the metadata) or auth (a TriggerAuthentication).
    """

    name: str
    needed: bool
    values: tuple[str, ...]
    removed: str
    places: frozenset[str]


@cache
def scaler_settings() -> dict[str, dict[str, Setting]]:
    """Scaler type -> its settings by name."""
    scalers: dict[str, list[dict[str, Any]]] = _read()["scalers"]
    return {name: {one["name"]: _setting(one) for one in settings} for name, settings in scalers.items()}


@cache
def other_names(scaler: str, name: str) -> frozenset[str]:
    """All names that a setting of a scaler goes by."""
    known = scaler_settings().get(scaler, {}).keys()
    groups = [frozenset(names) & known for names in _read()["either"] if name in names]
    return next((group for group in groups if name in group and len(group) > 1), frozenset({name}))


def triggers(estate: Estate) -> Iterator[tuple[Thing, Trigger]]:
    """All triggers of ScaledObjects and ScaledJobs of KEDA 2."""
    for thing in estate.things("ScaledObject", "ScaledJob"):
        if thing.api == "keda.sh/v1alpha1":
            for trigger in triggers_of(thing):
                yield thing, trigger


def missing(trigger: Trigger) -> Iterator[str]:
    """Settings that a trigger needs and gets from nowhere."""
    metadata = trigger.metadata
    given = {key.text for key, _ in metadata.items()} if metadata is not None else set()
    authenticated = trigger.node.get("authenticationRef") is not None
    told: set[str] = set()
    for name, setting in scaler_settings().get(trigger.type, {}).items():
        names = other_names(trigger.type, name)
        here = any(one in given or f"{one}FromEnv" in given for one in names)
        elsewhere = authenticated and "auth" in setting.places
        if setting.needed and not here and not elsewhere and not told & names:
            told.add(name)
            yield name


@cache
def _read() -> dict[str, Any]:
    return dict(json.loads((SCHEMAS / "scalers.json").read_text(encoding="utf-8")))


def _setting(one: dict[str, Any]) -> Setting:
    needed = not one.get("optional") and "default" not in one and "deprecated" not in one and bool(one["in"])
    return Setting(one["name"], needed, tuple(one.get("allowedValue", ())), one.get("deprecated", ""), frozenset(one["in"]))
