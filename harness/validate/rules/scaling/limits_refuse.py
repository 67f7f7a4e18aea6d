"""SC021: a pod asks for more than its own limit, or than a LimitRange lets a container have."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Related, Severity
from harness.validate.quantity import quantity, written
from harness.validate.rule import ValidationRule
from harness.validate.workload import Workload, together, workloads
from harness.validate.yamltree import Node


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every container's requests against its limits, and both against the LimitRanges of its namespace."""
    ranges = estate.things("LimitRange")
    for found in workloads(estate).values():
        for workload in found:
            highest = [
                (resource.text, node)
                for one in ranges
                if together(one, workload.thing)
                for limit in one.node.get("spec", "limits") or ()
                if limit.string("type") == "Container"
                for resource, node in _items(limit.get("max"))
            ]
            for container in workload.containers:
                yield from _container(workload, container, highest)


def _container(workload: Workload, container: Node, highest: list[tuple[str, Node]]) -> Iterator[Defect]:
    for resource, request in _items(container.get("resources", "requests")):
        limit = container.get("resources", "limits", resource.text)
        asked, allowed = quantity(request.text), quantity(limit.text) if limit is not None else None
        if limit is not None and asked is not None and allowed is not None and asked > allowed:
            yield Defect(
                request.place,
                f"{workload.name} requests {written(asked, resource.text)} of {resource.text}, more than its own limit of "
                f"{written(allowed, resource.text)}; no pod of it is accepted",
                f"Raise the limit to at least {request.text}, or lower the request",
                (Related(limit.place, "the limit"),),
            )
    for name, highest_node in highest:
        most = quantity(highest_node.text)
        for part in ("limits", "requests"):
            node = container.get("resources", part, name)
            asked = quantity(node.text) if node is not None else None
            if node is not None and asked is not None and most is not None and asked > most:
                yield Defect(
                    node.place,
                    f"{workload.name} asks for {written(asked, name)} of {name}, but the LimitRange allows a container "
                    f"{written(most, name)}; no pod of it is accepted",
                    f"Ask for at most {highest_node.text}, or raise the LimitRange",
                    (Related(highest_node.place, "the LimitRange"),),
                )
                break


def _items(node: Node | None) -> Iterator[tuple[Node, Node]]:
    return node.items() if node is not None else iter(())


RULE = ValidationRule("SC021", "limits-refuse", "A pod asks for more than its limits allow.", Severity.ERROR, check)
