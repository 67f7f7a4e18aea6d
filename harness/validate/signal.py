"""Whether pods share a signal: more pods, less for each. Only then may an autoscaler divide it by their number."""

from __future__ import annotations

import re
from functools import cache

from harness.validate.promql import Aggregation, Binary, Call, Negated, Number, Part, Selector, Subquery, tree

QUEUED = re.compile(r"queue|backlog|pending|depth|messages|jobs|waiting|outstanding")
"""Names of things that there are so many of, however often they are counted: an average of copies is their number."""
_TIME = re.compile(
    r"(latency|duration|lag|delay|response_time|processing_time|wait(ing)?_time|age)(_\w+)?_(seconds|milliseconds|ms)$"
    r"|(latency|response_time)(_(ms|p?\d\d))?$"
)
_SHARE = re.compile(r"_(ratio|percent|percentage|utili[sz]ation)$")
_QUANTILE = re.compile(r"(:|_)(p\d\d+|quantile|percentile)(:|_|$)")
_RATES = frozenset({"rate", "irate", "increase", "delta", "idelta", "count_over_time", "changes"})
_EPOCH = re.compile(r"extract\s*\(\s*epoch|\bavg\s*\(|percentile_(cont|disc)\s*\(", re.IGNORECASE)


@cache
def undivided(expression: str) -> str:
    """Why pods do not share what a PromQL expression gives: `a quantile`; '' where they do or nothing is known."""
    part = tree(expression)
    return _why(part) if part is not None else ""


def undivided_name(name: str) -> str:
    """The same for a metric's name, of which nothing else is known."""
    lowered = name.lower()
    if _QUANTILE.search(lowered):
        return "a quantile"
    if _TIME.search(lowered):
        return "a time"
    return "a share" if _SHARE.search(lowered) else ""


def undivided_sql(query: str) -> str:
    """The same for a query of a database: ages and averages."""
    found = _EPOCH.search(query)
    if found is None or re.search(r"\b(count|sum)\s*\(", query, re.IGNORECASE):
        return ""
    return "an average" if found[0].lower().startswith("avg") else "a quantile" if "perc" in found[0].lower() else "an age"


def _why(part: Part) -> str:
    if isinstance(part, Negated | Subquery):
        return _why(part.inner)
    if isinstance(part, Selector):
        return undivided_name(part.name)
    if isinstance(part, Call):
        return _why_call(part)
    if isinstance(part, Aggregation):
        return _why_aggregation(part)
    return _why_binary(part) if isinstance(part, Binary) else ""


def _why_call(part: Call) -> str:
    if part.name in ("histogram_quantile", "quantile_over_time"):
        return "a quantile"
    if part.name in _RATES:
        return ""
    if part.name == "time":
        return "an age"
    return next((why for argument in part.args if (why := _why(argument))), "")


def _why_aggregation(part: Aggregation) -> str:
    if part.op == "quantile":
        return "a quantile"
    if part.op in ("sum", "count", "count_values"):
        inner = _why(part.inner)
        return inner if inner in ("a quantile", "a mean time") else ""
    if part.op in ("avg", "min", "stddev"):
        counted = all(QUEUED.search(one.name) and not _TIME.search(one.name) for one in part.inner.selectors())
        return "" if counted else "an average" if part.op == "avg" else "no sum"
    return _why(part.inner)


def _why_binary(part: Binary) -> str:
    if part.op in ("+", "-"):
        return _why(part.left) or _why(part.right)
    if part.op == "/" and not _constant(part.right):
        sums = [one.name for one in part.left.selectors()]
        counts = [one.name for one in part.right.selectors()]
        if any(name.endswith("_sum") for name in sums) and any(name.endswith("_count") for name in counts):
            return "a mean time"
        return "a ratio"
    if part.op == "*" and _constant(part.left):
        return _why(part.right)
    return _why(part.left)


def _constant(part: Part) -> bool:
    return not any(isinstance(one, Selector) for one in part.walk()) or isinstance(part, Number)
