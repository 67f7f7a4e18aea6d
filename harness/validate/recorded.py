"""The series that recording rules of the estate make, and the labels they can have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from harness.validate.artefacts import Rule
from harness.validate.estate import Estate
from harness.validate.kept import Labels, labels
from harness.validate.promql import tree

FAR = frozenset(
    {
        "cluster",
        "region",
        "env",
        "environment",
        "prometheus",
        "replica",
        "tenant",
        "datacenter",
        "dc",
        "stage",
        "site",
        "shard",
    }
)
"""Labels that often come from outside (`external_labels`, federation), so that no rule loses them for good."""


@lru_cache(maxsize=1)
def recorded(estate: Estate) -> Mapping[str, Labels]:
    """Record's name -> labels its series can have; a name that several rules record can have what any of them gives."""
    makers: dict[str, list[Rule]] = {}
    for rule in estate.found.rules:
        if rule.record:
            makers.setdefault(rule.record, []).append(rule)
    known: dict[str, Labels] = {}
    for name in makers:
        _resolve(name, makers, known, frozenset())
    return known


def _resolve(name: str, makers: dict[str, list[Rule]], known: dict[str, Labels], above: frozenset[str]) -> None:
    if name in known or name in above or len(above) > 50:
        return
    found: Labels | None = None
    for rule in makers[name]:
        root = tree(rule.expr)
        if root is None:
            found = Labels()
            break
        for selector in root.selectors():
            if selector.name in makers:
                _resolve(selector.name, makers, known, above | {name})
        mine = labels(root, known).plus(rule.labels)
        found = mine if found is None else found.either(mine)
    known[name] = found or Labels()
