"""The horizontal pod autoscaler's arithmetic, as kube-controller-manager does it (pkg/controller/podautoscaler).

Sources: "Algorithm details" and "Configurable scaling behavior" of the Kubernetes documentation, and horizontal.go and
replica_calculator.go of Kubernetes 1.36, in the same floating point: 10 % more than 100 pods are 111, as 100 x 1.1
is a little more than 110. Times are seconds, pods are whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor

TOLERANCE = 0.1
"""--horizontal-pod-autoscaler-tolerance: how far the signal may be off its target before anything happens."""
NEVER = float("inf")


class Select(StrEnum):
    """Which of several policies counts."""

    MAX = "Max"
    MIN = "Min"
    DISABLED = "Disabled"


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `value` pods, or per cent of the pods, within `period` seconds."""

    percent: bool
    value: int
    period: int


@dataclass(frozen=True, slots=True)
class Direction:
    """How an HPA scales one way. `every_sync`: limits hold per sync rather than per period (an HPA without behavior)."""

    policies: tuple[Policy, ...]
    select: Select = Select.MAX
    stabilisation: float = 0
    tolerance: float | None = None
    every_sync: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """So many pods are wanted from `at` on, counted from the cause."""

    at: float
    pods: int


UP = Direction((Policy(False, 4, 15), Policy(True, 100, 15)))
"""scaleUp where a behavior leaves it out."""
LEGACY_UP = Direction((), every_sync=True)
"""An HPA without any behavior: twice the pods, or four, at every sync."""
DOWN = Direction((Policy(True, 100, 15),), stabilisation=300)
"""scaleDown where it is left out: all at once, after the highest wish of five minutes."""


def wanted(
    pods: int, signal: float, target: float, *, averaged: bool, up: float = TOLERANCE, down: float = TOLERANCE
) -> int:
    """Pods that a metric asks for: ceil(signal / target) where averaged (AverageValue), else ceil(pods x signal / target).

    Nothing changes while the ratio stays within the tolerances. `pods` > 0, `target` > 0, `signal` >= 0.
    """
    usage, goal = round(signal * 1000), max(round(target * 1000), 1)  # Metrics are counted in thousandths.
    ratio = usage / (float(goal) * float(pods)) if averaged else usage / goal
    if 1.0 - down <= ratio <= 1.0 + up:
        return pods
    return ceil(usage / goal) if averaged else ceil(ratio * pods)


def limit_up(direction: Direction, pods: int, now: float, steps: list[tuple[float, int]]) -> int:
    """The most pods one sync may set. `steps`: (when, how many) pods were added before."""
    if direction.select is Select.DISABLED:
        return pods
    if direction.every_sync:
        return max(2 * pods, 4)
    proposals = []
    for policy in direction.policies:
        begin = pods - sum(change for at, change in steps if at > now - policy.period)
        proposals.append(ceil(begin * (1 + policy.value / 100)) if policy.percent else begin + policy.value)
    chosen = (min if direction.select is Select.MIN else max)(proposals, default=pods)
    return max(chosen, pods)


def limit_down(direction: Direction, pods: int, now: float, steps: list[tuple[float, int]]) -> int:
    """The fewest pods one sync may set. `steps`: (when, how many) pods were taken away before."""
    if direction.select is Select.DISABLED:
        return pods
    proposals = []
    for policy in direction.policies:
        begin = pods + sum(change for at, change in steps if at > now - policy.period)
        proposals.append(floor(begin * (1 - policy.value / 100)) if policy.percent else begin - policy.value)
    chosen = (max if direction.select is Select.MIN else min)(proposals, default=pods)
    return min(chosen, pods)


def fastest(direction: Direction, start: int, goal: int, sync: float = 15) -> tuple[Step, ...]:
    """The quickest path from `start` to `goal` pods once the signal asks for `goal` at time 0.

    A sync falls right onto the cause, and the last one before it (which still wanted `start`) one `sync` earlier: no real
    path is quicker. Ends with the last number that can be reached; empty where no step can be taken.
    """
    steps: list[tuple[float, int]] = []
    path: list[Step] = []
    pods, now = start, max(0.0, ceil((direction.stabilisation - sync) / sync) * sync)
    longest = max((policy.period for policy in direction.policies), default=0)
    while pods != goal and now < NEVER:
        steps = [step for step in steps if step[0] > now - longest]
        if goal > pods:
            following = min(goal, limit_up(direction, pods, now, steps))
        else:
            following = max(goal, limit_down(direction, pods, now, steps))
        if following != pods:
            steps.append((now, abs(following - pods)))
            path.append(Step(now, following))
            pods = following
            now += sync
        else:  # Nothing changes before the next earlier step falls out of a policy's period.
            freed = [at + policy.period for at, _ in steps for policy in direction.policies if at + policy.period > now]
            now = ceil(min(freed) / sync) * sync if freed else NEVER
    return tuple(path)


def told(path: tuple[Step, ...], most: int = 6) -> str:
    """A path in words: `4 pods after 0 s, 6 after 60 s`; its middle is left out where it is long."""
    shown = list(path) if len(path) <= most else [*path[: most - 2], path[-1]]
    words = [f"{step.pods} {'pods ' if not index else ''}after {step.at:g} s" for index, step in enumerate(shown)]
    if len(shown) < len(path):
        words.insert(len(words) - 1, "…")
    return ", ".join(words)
