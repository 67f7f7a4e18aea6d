"""What a listener is told about a pod."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PodView:
    """A pod as it is now.

    Attributes:
        ip: empty until one is given.
        ready: whether it may get requests; false from the instant its deletion is seen.
        ready_since: when ``ready`` last became true, to the microsecond; None while it is not.
        ports: container port by name of all containers; ports without a name by ``CONTAINER/NUMBER``.
        gone: the pod has left the node; nothing follows after this view.
    """

    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str]
    ip: str
    phase: str
    ready: bool
    ready_since: datetime | None
    ports: Mapping[str, int]
    terminating: bool
    gone: bool


PodListener = Callable[[PodView], None]


def ports_of(pod: Mapping[str, object]) -> dict[str, int]:
    """The container ports of a pod object, keyed as in PodView."""
    spec = pod.get("spec")
    found: dict[str, int] = {}
    for container in spec.get("containers", []) if isinstance(spec, Mapping) else []:
        for port in container.get("ports") or []:
            number = int(port["containerPort"])
            found[port.get("name") or f"{container['name']}/{number}"] = number
    return found
