"""Which values an expression can have, and in which unit: interval arithmetic over PromQL."""

from __future__ import annotations

import math
from dataclasses import replace

from harness.promqltokens import COMPARISONS
from harness.validate import series
from harness.validate.intervals import INFINITE, UNKNOWN, Values, computed, filtered, scaled_unit
from harness.validate.promql import Aggregation, Binary, Call, Negated, Number, Part, Selector, Subquery

_COUNT = Values(0, INFINITE, "count")
_CLOCK = {
    "hour": (0, 23), "minute": (0, 59), "day_of_week": (0, 6), "day_of_month": (1, 31), "day_of_year": (1, 366),
    "days_in_month": (28, 31), "month": (1, 12), "present_over_time": (1, 1), "absent": (1, 1), "absent_over_time": (1, 1),
    "histogram_fraction": (0, 1), "sgn": (-1, 1),
}  # fmt: skip
_SAME = frozenset(
    {"avg_over_time", "min_over_time", "max_over_time", "last_over_time", "first_over_time", "quantile_over_time", "sort",
     "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "scalar", "vector", "histogram_avg"}
)  # fmt: skip
_NOT_NEGATIVE = frozenset({"stddev_over_time", "stdvar_over_time", "mad_over_time", "abs", "sqrt", "exp"})


def values(part: Part) -> Values:  # noqa: PLR0911 (one line per kind of part)
    """What an expression can be."""
    if isinstance(part, Number):
        return Values(part.value, part.value, fixed=True)
    if isinstance(part, Selector):
        return _series(part)
    if isinstance(part, Subquery):
        return values(part.inner)
    if isinstance(part, Negated):
        inner = values(part.inner)
        return replace(inner, low=-inner.high, high=-inner.low)
    if isinstance(part, Call):
        return _call(part)
    if isinstance(part, Aggregation):
        return _aggregated(part)
    if isinstance(part, Binary):
        return _binary(part)
    return UNKNOWN


def constant(part: Part) -> float | None:
    """The number that an expression without series always is, such as `14.4 * 0.001`; None of any other."""
    found = values(part)
    return found.low if found.fixed and found.low == found.high else None


def _series(selector: Selector) -> Values:  # noqa: PLR0911 (one line per kind of name)
    name = selector.name
    if not name or ":" in name:
        return Values(unit=series.unit(name))
    if series.is_constant_one(name):
        return Values(1, 1, sure=False)
    if series.is_switch(name):
        return Values(0, 1, "", name in series.SWITCHES or name.startswith("kube_"))
    if name in series.RATIOS:
        return Values(0, 1, "ratio")
    unit = series.unit(name)
    if unit in ("ratio", "percent"):
        return Values(unit=unit, sure=False)
    if series.is_counter(name) and (not name.endswith("_sum") or unit):
        return Values(0, INFINITE, unit or "count")
    return Values(unit=unit)


def _call(call: Call) -> Values:  # noqa: PLR0911 (one line per kind of function)
    name, args = call.name, call.args
    inner = values(args[-1]) if args else UNKNOWN
    if name in _CLOCK:
        low, high = _CLOCK[name]
        return Values(low, high)
    if name in ("rate", "irate"):
        return _rate(args[0])
    if name == "increase":
        return Values(0, INFINITE, values(args[0]).unit)
    if name in ("resets", "changes"):
        return _COUNT
    if name == "count_over_time":
        return Values(1, INFINITE, "count")
    if name in ("time", "timestamp"):
        return Values(0, INFINITE, "s")
    if name == "histogram_quantile":
        unit = next((one.unit for one in map(values, args[1].selectors()) if one.unit != "count"), "")
        return Values(0 if unit else -INFINITE, INFINITE, unit)
    if name in _SAME:
        source = values(args[1 if name == "quantile_over_time" else 0])
        return replace(source, fixed=source.fixed and name == "vector")
    if name == "sum_over_time":
        source = values(args[0])
        return Values(0 if source.low >= 0 else -INFINITE, 0 if source.high <= 0 else INFINITE)
    if name in _NOT_NEGATIVE:
        return Values(0, INFINITE, inner.unit)
    if name in ("clamp_min", "clamp_max", "clamp"):
        return _clamped(call)
    if name in ("ceil", "floor", "round"):
        source = values(args[0])
        whole = replace(source, low=math.floor(source.low)) if source.low > -INFINITE else source
        return replace(whole, high=math.ceil(source.high)) if source.high < INFINITE else whole
    return Values(unit=values(args[0]).unit if name in ("delta", "idelta", "predict_linear") else "")


def _rate(arg: Part) -> Values:
    """Never negative. Seconds of one processor's mode per second are a share of it, as long as nothing is summed."""
    if isinstance(arg, Selector) and arg.name == "node_cpu_seconds_total":
        return Values(0, 1, "ratio")
    unit = values(arg).unit
    return Values(0, INFINITE, {"count": "1/s", "bytes": "bytes/s"}.get(unit, ""))


def _clamped(call: Call) -> Values:
    source = values(call.args[0])
    bounds = [constant(arg) for arg in call.args[1:]]
    low, high = source.low, source.high
    if call.name in ("clamp_min", "clamp") and bounds[0] is not None:
        low, high = max(low, bounds[0]), max(high, bounds[0])
    if call.name in ("clamp_max", "clamp") and (top := bounds[-1]) is not None:
        low, high = min(low, top), min(high, top)
    return Values(low, high, source.unit, source.sure)


def _aggregated(part: Aggregation) -> Values:
    inner = values(part.inner)
    if part.op == "count":
        return Values(1, INFINITE, "count")
    if part.op == "group":
        return Values(1, 1)
    if part.op in ("avg", "min", "max", "quantile", "topk", "bottomk", "limitk", "limit_ratio"):
        return replace(inner, fixed=False)
    if part.op == "sum":
        unit = {"ratio": "", "percent": ""}.get(inner.unit, inner.unit)
        return Values(0 if inner.low >= 0 else -INFINITE, 0 if inner.high <= 0 else INFINITE, unit, inner.sure)
    if part.op in ("stddev", "stdvar"):
        return Values(0, INFINITE)
    return UNKNOWN


def _binary(part: Binary) -> Values:
    left, right = values(part.left), values(part.right)
    if part.op in COMPARISONS:
        if part.bool:
            return Values(0, 1, "", fixed=left.fixed and right.fixed)
        kept, mirror = (right, True) if left.fixed and not right.fixed else (left, False)
        other = left if mirror else right
        return filtered(kept, part.op, other, mirror)
    if part.op in ("and", "unless"):
        return left
    if part.op == "or":
        return left.joined(right)
    if part.op == "/" and (ratio := share(part)) is not None:
        return ratio
    return computed(part.op, left, right)


def share(part: Binary) -> Values | None:
    """A part divided by its whole, or a sum of seconds by its count, which is a mean of seconds; None of anything else."""
    (left, times), (right, over) = _stripped(part.left), _stripped(part.right)
    above, below = list(left.selectors()), list(right.selectors())
    if len(above) != 1 or len(below) != 1 or over == 0:
        return None
    top, bottom, factor = above[0], below[0], times / over
    if top.name and top.name == bottom.name and top.range == bottom.range and top.shifted == bottom.shifted:
        inside = set(bottom.matchers) < set(top.matchers) and not _filters(left) and not _filters(right)
        if inside and _shape(left) == _shape(right) and factor >= 0:
            return Values(0, factor, scaled_unit("ratio", factor))
    if top.name.endswith("_sum") and bottom.name == top.name.removesuffix("_sum") + "_count":
        unit = series.unit(top.name)
        return Values(0 if unit else -INFINITE, INFINITE, scaled_unit(unit, factor))
    if _part_of_whole(top.name, bottom.name):
        return Values(0, INFINITE, scaled_unit("ratio", factor), sure=False)
    return None


def _stripped(part: Part) -> tuple[Part, float]:
    """A part without its constant factor, and the factor."""
    if isinstance(part, Binary) and part.op in ("*", "/"):
        left, right = constant(part.left), constant(part.right)
        if right:
            inner, factor = _stripped(part.left)
            return inner, factor * right if part.op == "*" else factor / right
        if left is not None and part.op == "*":
            inner, factor = _stripped(part.right)
            return inner, factor * left
    return part, 1.0


def _filters(part: Part) -> bool:
    """Whether comparisons or sums within may make one side more than a part of the other."""
    return any(isinstance(one, Binary) for one in part.walk())


def _shape(part: Part) -> list[object]:
    """Functions, aggregations and groupings from the outside in: a share is bounded if both sides are made alike."""
    shape: list[object] = []
    for one in part.walk():
        if isinstance(one, Aggregation):
            shape.append((one.op, frozenset(one.by or ()), one.without and frozenset(one.without)))
        elif isinstance(one, Call):
            shape.append(one.name)
        bound = one.op in _PROPORTIONAL if isinstance(one, Aggregation) else True
        if not bound or (isinstance(one, Call) and one.name not in _PROPORTIONAL):
            shape.append(id(one))
    return shape


_PROPORTIONAL = frozenset(
    {"sum", "count", "rate", "irate", "increase", "sum_over_time", "count_over_time", "avg_over_time"}
)


def _part_of_whole(top: str, bottom: str) -> bool:
    """Whether names say so: `node_filesystem_avail_bytes` of `node_filesystem_size_bytes`."""
    if not top or not bottom or top == bottom or series.unit(top) != series.unit(bottom):
        return False
    ours, theirs = set(top.lower().split("_")), set(bottom.lower().split("_"))
    first = top.split("_", maxsplit=1)[0] == bottom.split("_", maxsplit=1)[0]
    if first and theirs < ours and ours & _OUTCOMES:
        return True
    return first and bool(ours & _PARTS) and bool((theirs & _WHOLES) or theirs < ours)


_PARTS = frozenset(
    {"used", "avail", "available", "free", "active", "idle", "errors", "error", "failed", "failures", "memavailable"}
    | {"memfree", "memused", "use", "usage"}
)
_OUTCOMES = frozenset(
    {"rejected", "refused", "denied", "dropped", "aborted", "cancelled", "canceled", "timeouts", "retried", "lost"}
    | {"abgelehnt", "abgelehnte", "fehler", "fehlgeschlagen", "fehlgeschlagene", "abgebrochen", "verworfen"}
)
"""`orders_rejected_total` is a part of `orders_total`, and of nothing else that is called orders."""
_WHOLES = frozenset({"size", "total", "max", "limit", "capacity", "memtotal", "requests", "maximum", "quota"})
