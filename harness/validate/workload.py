"""Deployments and their like as rules look at them: pods, containers, requests, probes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.validate.artefacts import Thing
from harness.validate.estate import Estate
from harness.validate.quantity import quantity
from harness.validate.scaler import Scaler, scalers
from harness.validate.yamltree import Node

SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet")
KINDS = (*SCALABLE, "DaemonSet")


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """A Deployment, StatefulSet, ReplicaSet or DaemonSet."""

    thing: Thing

    @property
    def name(self) -> str:
        """Its name."""
        return self.thing.name

    @property
    def replicas(self) -> Node | None:
        """`spec.replicas`, where it is written."""
        return self.thing.node.get("spec", "replicas")

    @property
    def pod(self) -> Node | None:
        """The pods' spec."""
        return self.thing.node.get("spec", "template", "spec")

    @property
    def pod_labels(self) -> dict[str, str]:
        """The pods' labels."""
        labels = self.thing.node.get("spec", "template", "metadata", "labels")
        return {key.text: value.text for key, value in labels.items()} if labels is not None else {}

    @property
    def containers(self) -> tuple[Node, ...]:
        """The pods' containers, those included that start before and stay (sidecars)."""
        pod = self.pod
        if pod is None:
            return ()
        early = (node for node in pod.get("initContainers") or () if node.string("restartPolicy") == "Always")
        return (*(pod.get("containers") or ()), *early)

    def request(self, container: Node, resource: str) -> float | None:
        """What a container requests: its limit counts where it requests nothing, as the API server has it."""
        for key in ("requests", "limits"):
            found = container.get("resources", key, resource)
            if found is not None:
                return quantity(found.text)
        return None

    def asks(self, resource: str) -> float:
        """What one pod requests of a resource, containers without a request counted as nothing."""
        return sum(self.request(container, resource) or 0.0 for container in self.containers)


@lru_cache(maxsize=2)
def workloads(estate: Estate) -> dict[tuple[str, str], tuple[Workload, ...]]:
    """All workloads by kind and name; several of one name where they are of several namespaces or environments."""
    found: dict[tuple[str, str], tuple[Workload, ...]] = {}
    for thing in estate.things(*KINDS):
        key = thing.kind, thing.name
        found[key] = (*found.get(key, ()), Workload(thing))
    return found


def targets_of(scaler: Scaler, estate: Estate) -> list[Workload]:
    """All workloads that may be a scaler's target: the same object is often there for several environments."""
    named = workloads(estate).get((scaler.kind, scaler.target), ())
    return [workload for workload in named if same_namespace(workload.thing, scaler.thing)]


def target_of(scaler: Scaler, estate: Estate) -> Workload | None:
    """The workload a scaler scales, None where it was not read. Among several the nearest by path counts, if it is one."""
    fitting = targets_of(scaler, estate)
    near = sorted(((nearness(one.thing, scaler.thing), at) for at, one in enumerate(fitting)), reverse=True)
    if not near or (len(near) > 1 and near[0][0] == near[1][0]):
        return None
    return fitting[near[0][1]]


def scaled(estate: Estate) -> Iterator[tuple[Scaler, Workload]]:
    """Every scaler whose target was read, with it."""
    for scaler in scalers(estate):
        workload = target_of(scaler, estate)
        if workload is not None:
            yield scaler, workload


def same_namespace(one: Thing, other: Thing) -> bool:
    """Whether they may stand in one namespace: a manifest that names none fits any."""
    return not one.namespace or not other.namespace or one.namespace == other.namespace


def folder(thing: Thing) -> Path:
    """The folder a manifest stands in."""
    return thing.node.file.path.parent


def together(one: Thing, other: Thing) -> bool:
    """Whether two manifests surely are of one installation: in one folder, or of one namespace and above each other.

    Repositories keep environments (overlays/dev, overlays/prod) and alternatives side by side, which never meet.
    """
    if not same_namespace(one, other):
        return False
    here, there = folder(one), folder(other)
    return here == there or (bool(one.namespace) and one.namespace == other.namespace and _above(here, there))


def _above(here: Path, there: Path) -> bool:
    return here in there.parents or there in here.parents


def nearness(one: Thing, other: Thing) -> int:
    """How much of their paths two manifests share, to tell environments apart."""
    if one.node.file.path == other.node.file.path:
        return 1_000
    return sum(1 for left, right in zip(folder(one).parts, folder(other).parts, strict=False) if left == right)
