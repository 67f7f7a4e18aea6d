"""Time lapse applied to what is deployed: manifests, Prometheus rules, Alertmanager's configuration. Pure.

Each function returns a changed copy and the list of constants that changed, so that the plan prints exactly what staging
does. What is bound to real time stays: probes, grace periods, progress deadlines, limits of latency in expressions.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from harness.errors import BadInput, Problem
from harness.plan.controls import Lapsed, Ledger
from harness.plan.promql import Scaling, display, parse_duration, scaled_promql
from harness.source import Loc, Located

Yaml = dict[str, Any]
_NOTHING = timedelta()

# kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale, "Default behavior": the API server fills these in
# where a manifest says nothing, so they have to be written out to be scaled.
_POLICY_SECONDS = 15
DEFAULT_POLICIES: Mapping[str, Sequence[Yaml]] = {
    "scaleUp": (
        {"type": "Percent", "value": 100, "periodSeconds": _POLICY_SECONDS},
        {"type": "Pods", "value": 4, "periodSeconds": _POLICY_SECONDS},
    ),
    "scaleDown": ({"type": "Percent", "value": 100, "periodSeconds": _POLICY_SECONDS},),
}

# prometheus.io/docs/alerting/latest/configuration: what counts where the root route says nothing.
DEFAULT_ROUTE = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
DEFAULT_RESOLVE_TIMEOUT = "5m"


def lapsed_manifests(manifests: Sequence[Yaml], scaling: Scaling) -> Lapsed[list[Yaml]]:
    """Rendered Kubernetes manifests under lapse: ScaledObjects, HPAs, minReadySeconds. Raises BadInput on bad PromQL."""
    changed = copy.deepcopy(list(manifests))
    if scaling.factor == 1:
        return Lapsed(changed)
    entries = []
    for manifest in changed:
        kind, name = str(manifest.get("kind")), str((manifest.get("metadata") or {}).get("name"))
        ledger = Ledger(f"{kind} {name}", scaling.factor)
        spec = manifest.get("spec") or {}
        if kind == "ScaledObject":
            _scaled_object(spec, scaling, ledger)
        elif kind == "HorizontalPodAutoscaler":
            spec["behavior"] = _behaviour(spec.get("behavior") or {}, ledger)
        if isinstance(spec.get("minReadySeconds"), int) and spec["minReadySeconds"]:
            spec["minReadySeconds"] = ledger.whole_seconds("minReadySeconds", spec["minReadySeconds"])
        entries += ledger.entries
    return Lapsed(changed, tuple(entries))


def lapsed_rules(rules: Located, scaling: Scaling, unscaled: Mapping[str, float] | None = None) -> Lapsed[Yaml]:
    """A Prometheus rule file under lapse: intervals, `for`, `keep_firing_for`, ranges. Raises BadInput with all problems.

    `unscaled`: alert -> seconds that are added to its `for` as they are (it waits for something no lapse shortens).
    """
    changed: Yaml = copy.deepcopy(rules.value or {})
    if scaling.factor == 1:
        return Lapsed(changed)
    problems: list[Problem] = []
    entries = []
    for at, group in enumerate(changed.get("groups") or []):
        ledger = Ledger(f"rule group {group.get('name')}", scaling.factor)
        scaler = _Scaler(rules, ledger, problems)
        for key in ("interval", "query_offset"):
            scaler.duration(group, key, key, ("groups", at, key))
        for index, rule in enumerate(group.get("rules") or []):
            loc: Loc = ("groups", at, "rules", index)
            name = str(rule.get("alert") or rule.get("record"))
            extra = timedelta(seconds=(unscaled or {}).get(name, 0.0))
            scaler.duration(rule, "for", f"{name} for", (*loc, "for"), extra)
            scaler.duration(rule, "keep_firing_for", f"{name} keep_firing_for", (*loc, "keep_firing_for"))
            try:
                rule["expr"] = _promql(str(rule.get("expr", "")), name, scaling, ledger)
            except ValueError as error:
                problems.append(Problem(f"The rule '{name}': {error}", rules.position((*loc, "expr"))))
        entries += ledger.entries
    if problems:
        raise BadInput(problems)
    return Lapsed(changed, tuple(entries))


def lapsed_alertmanager(config: Located, scaling: Scaling) -> Lapsed[Yaml]:
    """Alertmanager's configuration under lapse: waits of every route, resolve_timeout. Raises BadInput, all at once."""
    changed: Yaml = copy.deepcopy(config.value or {})
    if scaling.factor == 1:
        return Lapsed(changed)
    problems: list[Problem] = []
    ledger = Ledger("Alertmanager", scaling.factor)
    scaler = _Scaler(config, ledger, problems)
    changed["global"] = {"resolve_timeout": DEFAULT_RESOLVE_TIMEOUT, **(changed.get("global") or {})}
    scaler.duration(changed["global"], "resolve_timeout", "resolve_timeout", ("global", "resolve_timeout"))
    changed["route"] = {**DEFAULT_ROUTE, **(changed.get("route") or {})}
    scaler.route(changed["route"], "", ("route",))
    if problems:
        raise BadInput(problems)
    return Lapsed(changed, tuple(ledger.entries))


@dataclass(frozen=True, slots=True)
class _Scaler:
    """Durations written as text, in a document whose lines are known."""

    document: Located
    ledger: Ledger
    problems: list[Problem]

    def duration(self, owner: Yaml, key: str, name: str, loc: Loc, extra: timedelta = _NOTHING) -> None:
        """Scale one where there is one, and add `extra` unscaled. Zero stays zero, and nothing else becomes zero."""
        if owner.get(key) is None:
            return
        try:
            original = parse_duration(str(owner[key]))
        except ValueError:
            text = f"Expected '{name}' to be a duration such as 90s or 5m, got '{owner[key]}'"
            self.problems.append(Problem(text, self.document.position(loc)))
            return
        if original:
            scaled = max(original / self.ledger.factor, timedelta(milliseconds=1)) + extra
            why = f"with {display(extra)} that no lapse shortens" if extra else ""
            self.ledger.note(name, original, scaled, why)
            owner[key] = display(scaled)

    def route(self, route: Yaml, where: str, loc: Loc) -> None:
        """A route of Alertmanager and the routes below it."""
        for key in DEFAULT_ROUTE:
            self.duration(route, key, f"{where}{key}", (*loc, key))
        for index, child in enumerate(route.get("routes") or []):
            name = f"{where}route {index + 1} to {child.get('receiver') or 'the same receiver'}: "
            self.route(child, name, (*loc, "routes", index))


def _scaled_object(spec: Yaml, scaling: Scaling, ledger: Ledger) -> None:
    for key in ("pollingInterval", "cooldownPeriod", "initialCooldownPeriod"):
        if isinstance(spec.get(key), int):
            spec[key] = ledger.whole_seconds(key, spec[key])
    advanced = spec.setdefault("advanced", {})
    config = advanced.setdefault("horizontalPodAutoscalerConfig", {})
    config["behavior"] = _behaviour(config.get("behavior") or {}, ledger)
    for trigger in spec.get("triggers") or []:
        metadata = trigger.get("metadata") or {}
        if trigger.get("type") == "prometheus" and "query" in metadata:
            name = f"query of {trigger.get('name') or 'the prometheus trigger'}"
            try:
                metadata["query"] = _promql(str(metadata["query"]), name, scaling, ledger)
            except ValueError as error:
                raise BadInput(f"{ledger.owner}, {name}: {error}.") from None


def _behaviour(behaviour: Yaml, ledger: Ledger) -> Yaml:
    changed: Yaml = {}
    for direction, default in DEFAULT_POLICIES.items():
        rules = dict(behaviour.get(direction) or {})
        if rules.get("stabilizationWindowSeconds"):
            name = f"{direction} stabilizationWindowSeconds"
            rules["stabilizationWindowSeconds"] = ledger.whole_seconds(name, rules["stabilizationWindowSeconds"])
        rules["policies"] = [
            {**policy, "periodSeconds": ledger.whole_seconds(_policy_name(direction, policy), policy["periodSeconds"])}
            for policy in rules.get("policies") or default
        ]
        changed[direction] = rules
    return changed


def _policy_name(direction: str, policy: Yaml) -> str:
    return f"{direction} {policy['value']} {str(policy['type']).lower()} periodSeconds"


def _promql(expression: str, name: str, scaling: Scaling, ledger: Ledger) -> str:
    changed, stretches = scaled_promql(expression, scaling)
    for one in dict.fromkeys(stretches):
        ledger.note(f"{name} {one.what}", one.original, one.scaled, one.why)
    return changed
