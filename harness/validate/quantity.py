"""Kubernetes' quantities: `500m`, `1.5Gi`, `2e3`."""

from __future__ import annotations

import re

_QUANTITY = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<suffix>n|u|m|k|[MGTPE]|[KMGTPE]i)?")
_SCALE = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SCALE |= {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", 1)}


def quantity(text: str) -> float | None:
    """Its value in the base unit (cores, bytes, pieces); None where the text is no quantity."""
    matched = _QUANTITY.fullmatch(text.strip())
    return float(matched["number"]) * _SCALE[matched["suffix"] or ""] if matched else None


def written(value: float, resource: str) -> str:
    """A value as people write it: 1500m as `1.5`, bytes as `3 GiB`."""
    if "cpu" in resource:
        return f"{value:g} CPU"
    if "memory" in resource or "storage" in resource:
        for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
            if value >= size:
                return f"{value / size:.4g} {unit}"
    return f"{value:g}"


def pods(number: int) -> str:
    """`1 pod`, `2 pods`."""
    return f"{number} pod{'' if number == 1 else 's'}"
