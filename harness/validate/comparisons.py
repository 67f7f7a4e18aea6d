"""Comparisons of an expression with a constant, and whether they can ever hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from math import inf, nextafter

from harness.promqltokens import COMPARISONS, SETS
from harness.validate.intervals import Values
from harness.validate.promql import Aggregation, Binary, Call, Part, Selector, tree
from harness.validate.values import constant, values

_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
OPPOSITE = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`subject op limit`, turned round where the constant stood on the left. `at`: the constant's stretch.

    `role`: "alert" where it decides whether the alert fires, "and" where it has to hold as well, "guard" where it only says
    which series are looked at (within `unless`, an aggregation, a function), "value" where it is a `bool` to reckon with.
    `alone`: whether no `and` and no `unless` stands beside it.
    """

    subject: Part
    op: str
    limit: float
    at: tuple[int, int]
    whole: Binary
    role: str
    alone: bool = True

    @property
    def can_be(self) -> Values:
        """What the subject can be."""
        return values(self.subject)

    @property
    def never(self) -> bool:
        """Whether no value of the subject fulfils it."""
        return impossible(self.can_be, self.op, self.limit)

    @property
    def always(self) -> bool:
        """Whether every value of the subject fulfils it."""
        return impossible(self.can_be, OPPOSITE[self.op], self.limit)


def impossible(can_be: Values, op: str, limit: float) -> bool:
    """Whether nothing in the interval compares so with the limit."""
    low, high = can_be.low, can_be.high
    return {
        ">": high <= limit, ">=": high < limit, "<": low >= limit, "<=": low > limit,
        "==": limit < low or limit > high, "!=": low == high == limit,
    }[op]  # fmt: skip


@cache
def comparisons(expression: str) -> tuple[Comparison, ...]:
    """All comparisons with a constant in an expression, in order of the text; none where it does not parse."""
    root = tree(expression)
    return tuple(_within(root, "alert", True)) if root is not None else ()


def deciding(expression: str) -> list[Comparison]:
    """Those that decide whether the alert fires."""
    return [one for one in comparisons(expression) if one.role == "alert"]


def _within(part: Part, role: str, alone: bool) -> Iterator[Comparison]:
    if isinstance(part, Binary):
        yield from _binary(part, role, alone)
        return
    passes_on = isinstance(part, Call) and part.name in ("label_replace", "label_join", "sort", "sort_desc")
    passes_on = passes_on or (isinstance(part, Aggregation) and part.op in ("topk", "bottomk"))
    for one in part.parts:
        yield from _within(one, role if passes_on else "guard", alone)


def _binary(part: Binary, role: str, alone: bool) -> Iterator[Comparison]:
    if part.op in COMPARISONS:
        left, right = constant(part.left), constant(part.right)
        kind = "value" if part.bool else role
        if right is not None and left is None:
            yield Comparison(part.left, part.op, right, (part.right.start, part.right.end), part, kind, alone)
        elif left is not None and right is None:
            op = _TURNED.get(part.op, part.op)
            yield Comparison(part.right, op, left, (part.left.start, part.left.end), part, kind, alone)
        yield from _within(part.left, role if right is not None else "guard", alone)
        yield from _within(part.right, role if left is not None else "guard", alone)
    elif part.op in SETS:
        alone = alone and part.op == "or"
        beside = {"or": role, "and": "and" if role == "alert" else role, "unless": "guard"}[part.op]
        yield from _within(part.left, role, alone)
        yield from _within(part.right, beside, alone)
    else:
        yield from _within(part.left, "guard", alone)
        yield from _within(part.right, "guard", alone)


def same_subject(one: Part, other: Part) -> bool:
    """Whether two parts are written alike: same names, matchers, functions, numbers."""
    return _spelled(one) == _spelled(other)


def _spelled(part: Part) -> tuple[object, ...]:
    bare = replace(part, start=0, end=0)
    shape: list[object] = [type(part).__name__]
    if isinstance(bare, Selector):
        shape += [bare.name, frozenset(bare.matchers), bare.range, bare.shifted]
    for name in ("op", "name", "value", "by", "without", "on", "ignoring", "group", "bool", "range", "step"):
        if not isinstance(bare, Selector) and hasattr(bare, name):
            shape.append(getattr(bare, name))
    return (*shape, *(_spelled(inner) for inner in part.parts))


@cache
def contradictions(expression: str) -> tuple[tuple[Comparison, Comparison], ...]:
    """Pairs joined by `and` about the same thing of which one excludes the other."""
    return tuple((one, other) for one, other in _pairs(expression, "and") if impossible(_such(one), other.op, other.limit))


@cache
def exhaustive(expression: str) -> tuple[tuple[Comparison, Comparison], ...]:
    """Pairs joined by `or` about the same thing, one of which always holds."""
    return tuple(
        (one, other)
        for one, other in _pairs(expression, "or")
        if one.op not in ("==", "!=") and impossible(_such(one, turned=True), OPPOSITE[other.op], other.limit)
    )


def _pairs(expression: str, op: str) -> Iterator[tuple[Comparison, Comparison]]:
    root = tree(expression)
    wholes = {id(one.whole): one for one in comparisons(expression)}
    for part in root.walk() if root is not None else ():
        if isinstance(part, Binary) and part.op == op and (op == "and" or part is root):
            one, other = wholes.get(id(part.left)), wholes.get(id(part.right))
            if one and other and not (one.whole.bool or other.whole.bool) and same_subject(one.subject, other.subject):
                yield one, other


def _such(one: Comparison, turned: bool = False) -> Values:
    """What fulfils a comparison (or does not, `turned`); open ends are moved by the least step, so that > 5 is not 5."""
    op = OPPOSITE[one.op] if turned else one.op
    above, below = nextafter(one.limit, inf), nextafter(one.limit, -inf)
    low, high = {
        ">": (above, inf), ">=": (one.limit, inf), "<": (-inf, below), "<=": (-inf, one.limit),
        "==": (one.limit, one.limit), "!=": (-inf, inf),
    }[op]  # fmt: skip
    return Values(low, high)
