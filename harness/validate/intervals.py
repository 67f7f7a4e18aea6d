"""Intervals of values with their units, and arithmetic over them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

INFINITE = math.inf


@dataclass(frozen=True, slots=True)
class Values:
    """From `low` to `high`, both included. `unit`: s, ms, us, ns, bytes, ratio, percent, 1/s, count or '' (unknown).

    `sure`: whether the bounds follow from what is written, not only from a name. `fixed`: a constant, no series in it.
    """

    low: float = -INFINITE
    high: float = INFINITE
    unit: str = ""
    sure: bool = True
    fixed: bool = False

    def joined(self, other: Values) -> Values:
        """What either can be."""
        unit = self.unit if self.unit == other.unit or other.fixed else other.unit if self.fixed else ""
        return Values(
            min(self.low, other.low), max(self.high, other.high), unit, self.sure and other.sure, self.fixed and other.fixed
        )


UNKNOWN = Values()
_STEPS = {("ratio", 100): "percent", ("percent", 0.01): "ratio", ("s", 1000): "ms", ("ms", 0.001): "s"}


def spread(found: Values) -> str:
    """The values in words: `between 0 and 1`, `at least 1`, `always 1`."""
    if found.low == found.high:
        return f"always {found.low:g}"
    if found.high == INFINITE:
        return f"at least {found.low:g}"
    if found.low == -INFINITE:
        return f"at most {found.high:g}"
    return f"between {found.low:g} and {found.high:g}"


def filtered(kept: Values, op: str, other: Values, mirrored: bool) -> Values:
    """What is left of `kept` after a comparison with a constant; `mirrored`: the constant stands on the left."""
    if not other.fixed:
        return kept
    if mirrored:
        op = {">": "<", "<": ">", ">=": "<=", "<=": ">="}.get(op, op)
    low, high = kept.low, kept.high
    if op in (">", ">="):
        low = max(low, other.low)
    elif op in ("<", "<="):
        high = min(high, other.high)
    elif op == "==":
        low, high = max(low, other.low), min(high, other.high)
    return replace(kept, low=low, high=high) if low <= high else kept


def computed(op: str, left: Values, right: Values) -> Values:
    """The values of `left op right` for an operator of arithmetic."""
    fixed, sure = left.fixed and right.fixed, left.sure and right.sure
    unit = _unit(op, left, right)
    if op == "+":
        low, high = left.low + right.low, left.high + right.high
    elif op == "-":
        low, high = left.low - right.high, left.high - right.low
    elif op == "*":
        products = [_times(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
        low, high = min(products), max(products)
    elif op == "/" and right.fixed and right.low == right.high and right.low != 0:
        ends = sorted((left.low / right.low, left.high / right.low))
        low, high = ends[0], ends[1]
    elif op == "/" and left.low >= 0 and right.low >= 0:
        low, high = 0.0, INFINITE
    elif op in ("^", "%") and fixed:
        return _folded(op, left.low, right.low)
    else:
        low, high = -INFINITE, INFINITE
    low, high = (-INFINITE if math.isnan(low) else low), (INFINITE if math.isnan(high) else high)
    return Values(low, high, unit, sure, fixed)


def _folded(op: str, left: float, right: float) -> Values:
    try:
        found = left**right if op == "^" else math.fmod(left, right)
    except (ValueError, OverflowError, ZeroDivisionError):
        return UNKNOWN
    return Values(found, found, fixed=True) if isinstance(found, float | int) else UNKNOWN


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _unit(op: str, left: Values, right: Values) -> str:
    if op in ("+", "-"):
        return _sum_unit(left, right)
    if op in ("*", "/"):
        scaled, factor = (right, left) if left.fixed else (left, right)
        if not factor.fixed:
            return ""
        times = factor.low if op == "*" else (1 / factor.low if factor.low and not left.fixed else 0)
        return scaled_unit(scaled.unit, times)
    return ""


def _sum_unit(left: Values, right: Values) -> str:
    """`1 - ratio` and `100 - percent` keep their unit; so does a sum of like things."""
    if left.fixed or right.fixed:
        kept, number = (right, left) if left.fixed else (left, right)
        whole = {"ratio": 1.0, "percent": 100.0}.get(kept.unit)
        return kept.unit if whole is None or number.low in (whole, 0.0) else ""
    return left.unit if left.unit == right.unit else ""


def scaled_unit(unit: str, factor: float) -> str:
    """The unit after a factor: a ratio times 100 is a percentage."""
    if math.isclose(factor, 1):
        return unit
    return next((to for (of, by), to in _STEPS.items() if of == unit and math.isclose(by, factor)), "")
