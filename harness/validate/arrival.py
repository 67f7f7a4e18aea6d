"""When the last of the wanted pods serves: the autoscaler's fastest path, and what a pod needs until it is ready."""

from __future__ import annotations

from dataclasses import dataclass

from harness.validate.estate import Estate, Settings
from harness.validate.hpa import Step, fastest, told
from harness.validate.pledges import Pledge
from harness.validate.promises import Prewarm
from harness.validate.scaler import KEDA_DEFAULT_POLLING, Scaler, integer
from harness.validate.workload import Workload, target_of


@dataclass(frozen=True, slots=True)
class Arrival:
    """`path`: what the autoscaler sets, and when, at best. `warm`: seconds that a pod surely needs until it is ready.

    `start`: seconds that it is reckoned to need: `warm`, or the setting pod_start_seconds where that is more.
    `delay`: seconds that the autoscaler may take longer: the phase of its sync, and of KEDA's polling from zero.
    """

    path: tuple[Step, ...]
    reached: bool
    warm: float
    start: float
    delay: float

    @property
    def least(self) -> float:
        """No sooner than this, in seconds after the cause."""
        return (self.path[-1].at if self.path else 0.0) + self.warm

    @property
    def reckoned(self) -> float:
        """With the start of a pod as it is reckoned."""
        return (self.path[-1].at if self.path else 0.0) + self.start

    @property
    def told(self) -> str:
        """The path in words."""
        return told(self.path)


def arrival(pledge: Pledge, estate: Estate, settings: Settings) -> Arrival:
    """When a pledge can be kept at the earliest. Pods that go need no start."""
    scaler, sync = pledge.scaler, settings.hpa_sync_seconds
    if pledge.down:
        goal = max(pledge.goal, scaler.floor)
        path = fastest(scaler.down, pledge.start, goal, sync)
        reached = path[-1].pods <= goal if path else pledge.start <= goal
        return Arrival(path, reached, 0, 0, sync)
    begin = max(pledge.start, scaler.floor)
    path = fastest(scaler.up, begin, pledge.goal, sync) if pledge.goal > begin else ()
    delay = sync
    if pledge.start < begin:  # KEDA, not the HPA, takes the step from zero, at one of its polls.
        path = (Step(0, begin), *path)
        delay += scaler.seconds("pollingInterval", KEDA_DEFAULT_POLLING) if scaler.keda else 0
    warm = readiness(scaler, estate)
    reached = not path or path[-1].pods >= pledge.goal
    return Arrival(path, reached, warm, max(warm, settings.pod_start_seconds), delay)


def readiness(scaler: Scaler, estate: Estate) -> float:
    """Seconds that a pod of the target surely needs until it is ready: probes that wait, warming that the runbook knows."""
    workload = target_of(scaler, estate)
    probes = _probes(workload) if workload is not None else 0.0
    warming = [
        promise.takes.total_seconds()
        for promise in estate.all(Prewarm)
        if promise.takes is not None and promise.workload in (scaler.target, scaler.name)
    ]
    return max([probes, *warming])


def _probes(workload: Workload) -> float:
    longest = 0.0
    for container in workload.containers:
        waits = float(integer(container.get("startupProbe", "initialDelaySeconds"), 0))
        ready = container.get("readinessProbe")
        if ready is not None:
            again = (integer(ready.get("successThreshold"), 1) - 1) * integer(ready.get("periodSeconds"), 10)
            waits = max(waits, integer(ready.get("initialDelaySeconds"), 0)) + again
        longest = max(longest, waits)
    return longest
