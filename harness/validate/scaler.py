"""Autoscalers as rules look at them: a ScaledObject or an HPA, its target, its limits, its triggers, its behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate
from harness.validate.hpa import DOWN, LEGACY_UP, UP, Direction, Policy, Select
from harness.validate.yamltree import Node

KEDA_DEFAULT_MAX = 100
KEDA_DEFAULT_POLLING = 30
KEDA_DEFAULT_COOLDOWN = 300
RESOURCES = frozenset({"cpu", "memory"})
"""Trigger types that become Resource metrics of the HPA; all others are external metrics."""


@dataclass(frozen=True, slots=True, eq=False)
class Trigger:
    """A trigger of a ScaledObject or ScaledJob."""

    node: Node
    type: str
    name: str
    metric_type: str

    @property
    def metadata(self) -> Node | None:
        """Its settings."""
        return self.node.get("metadata")

    def setting(self, name: str) -> Node | None:
        """One setting."""
        return self.node.get("metadata", name)

    @property
    def averaged(self) -> bool:
        """Whether the HPA divides the signal by the number of pods: KEDA's default for all but cpu and memory."""
        return self.metric_type in ("", "AverageValue")


@dataclass(frozen=True, slots=True, eq=False)
class Scaler:
    """A ScaledObject or an HPA. `least`: its minimum, 0 where it may scale to zero; `most`: its maximum.

    `least_node`, `most_node`, `idle_node`: where these stand, None where a default holds.
    """

    thing: Thing
    keda: bool
    kind: str
    target: str
    least: int
    most: int
    least_node: Node | None
    most_node: Node | None
    idle_node: Node | None
    behaviour: Node | None
    triggers: tuple[Trigger, ...] = field(default=())

    @property
    def name(self) -> str:
        """Its own name."""
        return self.thing.name

    @property
    def namespace(self) -> str:
        """Its namespace, '' where the manifest names none."""
        return self.thing.namespace

    @property
    def floor(self) -> int:
        """The fewest pods while it is active: an HPA that KEDA makes has at least one."""
        return max(self.least, 1)

    @property
    def up(self) -> Direction:
        """How it scales up."""
        if self.behaviour is None:
            return LEGACY_UP
        return _direction(self.behaviour.get("scaleUp"), UP)

    @property
    def down(self) -> Direction:
        """How it scales down."""
        return _direction(self.behaviour.get("scaleDown") if self.behaviour is not None else None, DOWN)

    def spec(self, *path: str | int) -> Node | None:
        """A node below `spec`."""
        return self.thing.node.get("spec", *path)

    def seconds(self, name: str, default: int) -> int:
        """A whole number below `spec`, such as pollingInterval."""
        return integer(self.spec(name), default)


def integer(node: Node | None, default: int) -> int:
    """A node's whole number; the default where there is none (a rule on the schema tells of what is no number)."""
    if node is None:
        return default
    digits = node.text.removeprefix("-")
    return int(node.text) if digits.isdecimal() and len(digits) < 10 else default


@lru_cache(maxsize=2)
def scalers(estate: Estate) -> tuple[Scaler, ...]:
    """All autoscalers of an estate, in order of place."""
    found = (_scaler(thing) for thing in estate.things("ScaledObject", "HorizontalPodAutoscaler"))
    return tuple(sorted(found, key=lambda scaler: scaler.thing.place))


def triggers_of(thing: Thing) -> tuple[Trigger, ...]:
    """The triggers of a ScaledObject or ScaledJob."""
    return tuple(
        Trigger(node, node.string("type"), node.string("name"), node.string("metricType"))
        for node in thing.node.get("spec", "triggers") or ()
    )


def _scaler(thing: Thing) -> Scaler:
    spec = thing.node.get("spec")
    get = spec.get if spec is not None else lambda *_: None
    keda = thing.kind == "ScaledObject"
    low, high = get("minReplicaCount" if keda else "minReplicas"), get("maxReplicaCount" if keda else "maxReplicas")
    config = "advanced", "horizontalPodAutoscalerConfig", "behavior"
    kind = get("scaleTargetRef", "kind")
    target = get("scaleTargetRef", "name")
    return Scaler(
        thing=thing,
        keda=keda,
        kind=kind.text if kind is not None else "Deployment",
        target=target.text if target is not None else "",
        least=integer(low, 0 if keda else 1),
        most=integer(high, KEDA_DEFAULT_MAX if keda else 1),
        least_node=low,
        most_node=high,
        idle_node=get("idleReplicaCount") if keda else None,
        behaviour=get(*config) if keda else get("behavior"),
        triggers=triggers_of(thing) if keda else (),
    )


def _direction(node: Node | None, default: Direction) -> Direction:
    if node is None:
        return default
    policies = tuple(
        Policy(
            policy.string("type") == "Percent", integer(policy.get("value"), 0), integer(policy.get("periodSeconds"), 15)
        )
        for policy in node.get("policies") or ()
    )
    select = node.string("selectPolicy")
    tolerance = node.get("tolerance")
    return Direction(
        policies or default.policies,
        Select(select) if select in set(Select) else default.select,
        integer(node.get("stabilizationWindowSeconds"), int(default.stabilisation)),
        _ratio(tolerance) if tolerance is not None else default.tolerance,
    )


def _ratio(node: Node) -> float | None:
    try:
        return float(node.text.removesuffix("m")) / (1000 if node.text.endswith("m") else 1)
    except ValueError:
        return None
