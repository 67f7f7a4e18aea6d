"""CronJobs that scale with kubectl: pairs of them, one up and one down, are windows too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from harness.calendar.coverage import Coverage, held
from harness.calendar.cron import Cron
from harness.validate.artefacts import Thing
from harness.validate.estate import Estate
from harness.validate.text import Place
from harness.validate.yamltree import Node

CONTROLLERS_CLOCK = "UTC"
"""The clock of the controller manager, by which a CronJob without timeZone runs, is UTC nearly everywhere."""

_SCALE = re.compile(
    r"\bkubectl\b[^;&|\n]*?\bscale\b(?P<rest>[^;&|\n]*)|\bkubectl\b[^;&|\n]*?\bpatch\b(?P<patch>[^;&|\n]*)", re.IGNORECASE
)
_TARGET = re.compile(
    r"\b(?:deploy(?:ments?)?|statefulsets?|sts|hpa|horizontalpodautoscalers?|scaledobjects?|so)(?:\.[\w.]+)?[/ ]+"
    r"(?P<name>[a-z0-9][\w.-]*)"
)
_REPLICAS = re.compile(r"--replicas[= ]+(?P<flag>\d+)|\"?min(?:Replicas|ReplicaCount)\"?\s*:\s*(?P<patch>\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class ScalingJob:
    """A CronJob that gives a workload a number of pods. `cron` is None where its schedule is none."""

    thing: Thing
    target: str
    replicas: int
    timezone: str
    cron: Cron | None

    @property
    def schedule(self) -> Place:
        """Where its schedule stands."""
        found = self.thing.node.get("spec", "schedule")
        return found.place if found is not None else self.thing.place


@dataclass(frozen=True, slots=True, eq=False)
class JobPair:
    """One job that scales a workload up and one that scales it down again."""

    up: ScalingJob
    down: ScalingJob

    def cover(self, since: int, until: int) -> Coverage:
        """The minutes in which the higher number holds."""
        if self.up.cron is None or self.down.cron is None:
            return Coverage()
        return held(self.up.cron, self.down.cron, since, until)


@lru_cache(maxsize=4)
def scaling_jobs(estate: Estate) -> tuple[ScalingJob, ...]:
    """Every CronJob whose one kubectl command scales one workload; suspended ones are left out."""
    return tuple(job for thing in estate.things("CronJob") if (job := _job(thing)) is not None)


def job_pairs(estate: Estate) -> list[JobPair]:
    """Workloads with exactly two such jobs and two numbers."""
    by_target: dict[tuple[str, str], list[ScalingJob]] = {}
    for job in scaling_jobs(estate):
        by_target.setdefault((job.thing.namespace, job.target), []).append(job)
    pairs = [sorted(jobs, key=lambda job: -job.replicas) for jobs in by_target.values() if len(jobs) == 2]
    return [JobPair(up, down) for up, down in pairs if up.replicas != down.replicas and up.cron and down.cron]


def _job(thing: Thing) -> ScalingJob | None:
    if thing.node.string("spec", "suspend").lower() == "true":
        return None
    text = "\n".join(_commands(thing.node))
    found = [match["rest"] or match["patch"] for match in _SCALE.finditer(text)]
    wanted = [
        (target, replicas) for part in found if (target := _TARGET.search(part)) and (replicas := _REPLICAS.search(part))
    ]
    if len(wanted) != 1:
        return None
    target, replicas = wanted[0]
    timezone = thing.node.string("spec", "timeZone")
    try:
        cron = Cron(thing.node.string("spec", "schedule"), timezone or CONTROLLERS_CLOCK)
    except ValueError:
        cron = None
    return ScalingJob(thing, target["name"], int(replicas["flag"] or replicas["patch"]), timezone, cron)


def _commands(node: Node) -> list[str]:
    containers = node.get("spec", "jobTemplate", "spec", "template", "spec", "containers")
    found = []
    for container in containers or ():
        words = [word.text for key in ("command", "args") for word in container.get(key) or ()]
        found.append(" ".join(word.replace("\\\n", " ") for word in words))
    return found
