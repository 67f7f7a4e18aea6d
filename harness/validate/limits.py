"""The limits that alerts have, in the base units in which runbooks' thresholds are read, and which belong together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.validate.artefacts import Rule
from harness.validate.comparisons import OPPOSITE, Comparison, deciding
from harness.validate.estate import Estate
from harness.validate.promises import Measure, Threshold
from harness.validate.promql import Call, Number, Part, Selector, tree
from harness.validate.reading.prose.subjects import measure_of_name
from harness.validate.values import constant, values

_BASE = {"s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "ns": ("s", 1e-9), "ratio": ("ratio", 1.0),
         "percent": ("ratio", 0.01), "bytes": ("bytes", 1.0), "1/s": ("1/s", 1.0), "count": ("count", 1.0)}  # fmt: skip
_ERRORS = re.compile(r"5\.\.|5xx|^5\d\d|error|fail|exception", re.IGNORECASE)
_BUDGET = re.compile(r"burn|budget|slo:|sli|:ratio_rate", re.IGNORECASE)
_GUESSED = {"s": (1.0, 1e-3), "ratio": (1.0, 0.01), "bytes": (1.0,), "count": (1.0,), "1/s": (1.0,)}
_TERRITORY = re.compile(r"territory|region|country|gebiet|land|market|markt|territorium", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class RuleLimit:
    """A comparison that decides over an alert. `unit`: s, ratio, bytes, 1/s, count, or '' where nothing tells it.

    `value` is in that unit; `plain`: a limit as it is written in runbooks, no burn rate.
    """

    rule: Rule
    comparison: Comparison
    unit: str
    value: float
    measures: frozenset[Measure]
    percentiles: frozenset[float]
    metrics: frozenset[str]
    words: str
    territories: frozenset[str]
    plain: bool

    def written(self) -> str:
        """`> 0.3 s` for people."""
        shown = f"{self.value * 100:g} %" if self.unit == "ratio" else f"{self.value:g} {self.unit}"
        return f"{self.comparison.op} {shown if self.unit not in ('', 'count') else f'{self.comparison.limit:g}'}"


@lru_cache(maxsize=1)
def rule_limits(estate: Estate) -> Mapping[str, Sequence[RuleLimit]]:
    """Alert -> its limits, of all alerts of that name."""
    makers: dict[str, Rule] = {rule.record: rule for rule in estate.found.rules if rule.record}
    found: dict[str, list[RuleLimit]] = {}
    for rule in estate.alerts:
        found.setdefault(rule.alert, []).extend(_limit(rule, one, makers) for one in deciding(rule.expr))
    return found


def belonging(threshold: Threshold, limits: Mapping[str, Sequence[RuleLimit]]) -> list[RuleLimit]:
    """The limits that are about what a threshold is about that names no alert."""
    return [one for own in limits.values() for one in own if belongs(threshold, one)]


def comparable(threshold: Threshold, limit: RuleLimit) -> bool | None:
    """Whether both say the same (True, False), or None where they cannot be compared: other unit, other direction."""
    if not limit.plain or limit.comparison.op in ("==", "!="):
        return None
    if threshold.percentile is not None and limit.percentiles and threshold.percentile not in limit.percentiles:
        return None
    bad = OPPOSITE[threshold.comparison] if threshold.good else threshold.comparison
    wanted, upward = threshold.limit.value, bad in (">", ">=")
    if threshold.measure is Measure.AVAILABILITY and Measure.ERRORS in limit.measures and limit.comparison.op[0] == ">":
        wanted, upward = 1 - wanted, True
    if upward != (limit.comparison.op[0] == ">"):
        return None
    if limit.unit:
        if limit.unit != threshold.limit.unit and {limit.unit, threshold.limit.unit} != {"count", ""}:
            return None
        return _equal(wanted, limit.value)
    factors = _GUESSED.get(threshold.limit.unit, (1.0,))
    return any(_equal(wanted, limit.value * factor) for factor in factors)


def belongs(threshold: Threshold, limit: RuleLimit) -> bool:
    """Whether a limit is about what a threshold is about that names no alert: metric, measure, percentile, component."""
    if threshold.metric:
        return _base(threshold.metric) in limit.metrics
    if threshold.measure is Measure.OTHER or not _measures(threshold) & limit.measures:
        return False
    if threshold.percentile is not None and threshold.percentile not in limit.percentiles:
        return False
    if threshold.component and not _speaks_of(limit.words, threshold.component):
        return False
    return not threshold.territory or not limit.territories or threshold.territory.lower() in limit.territories


def named(threshold: Threshold, limits: Mapping[str, Sequence[RuleLimit]]) -> list[RuleLimit]:
    """The limits of the alerts that stand beside a threshold; of the level it names, where there is such a one."""
    found = [limit for alert in threshold.alerts for limit in limits.get(alert, ())]
    if threshold.metric and any(_base(threshold.metric) in limit.metrics for limit in found):
        found = [limit for limit in found if _base(threshold.metric) in limit.metrics]
    levelled = [limit for limit in found if limit.rule.labels.get("severity") == threshold.level]
    return levelled or found


def covered(threshold: Threshold, others: Iterable[Threshold]) -> bool:
    """Whether the page says of the same thing when it is bad: then the good value is a target, and no alert's limit."""
    return threshold.good and any(
        not other.good and other.place.path == threshold.place.path and _same_subject(threshold, other) for other in others
    )


def _same_subject(one: Threshold, other: Threshold) -> bool:
    if one.metric or other.metric:
        return _base(one.metric) == _base(other.metric)
    alike = one.measure is other.measure and (one.percentile or other.percentile) == (other.percentile or one.percentile)
    return alike and (not one.component or not other.component or one.component == other.component)


def _limit(rule: Rule, one: Comparison, makers: dict[str, Rule]) -> RuleLimit:
    parts = list(_expanded(one.subject, makers, 3))
    selectors = [part for part in parts if isinstance(part, Selector)]
    unit, factor = _BASE.get(_unit(one.subject, makers), ("", 1.0))
    metrics = frozenset(_base(part.name) for part in selectors if part.name)
    matched = [(matcher.name, matcher.value) for part in selectors for matcher in part.matchers]
    words = " ".join([rule.alert, rule.group, *metrics, *(value for _, value in matched), *rule.labels.values()])
    percentiles = frozenset(_percentiles(parts))
    measures = {measure for name in (*metrics, rule.alert) if (measure := measure_of_name(name)) is not None}
    if unit == "ratio" and any(_ERRORS.search(value) for _, value in matched):
        measures = {Measure.ERRORS}
    elif percentiles and unit in ("s", ""):
        measures.add(Measure.LATENCY)
    own = isinstance(one.whole.right if one.limit == constant(one.whole.right) else one.whole.left, Number)
    budget = any(_BUDGET.search(part.name) for part in selectors)
    territories = frozenset(value.lower() for name, value in matched if _TERRITORY.search(name))
    return RuleLimit(
        rule, one, unit, one.limit * factor, frozenset(measures), percentiles, metrics, words.lower(), territories,
        own and not budget,
    )  # fmt: skip


def _expanded(part: Part, makers: dict[str, Rule], deep: int) -> Iterator[Part]:
    """A part, all within it, and what the recording rules it reads are made of."""
    for one in part.walk():
        yield one
        if isinstance(one, Selector) and one.name in makers and deep:
            made = tree(makers[one.name].expr)
            if made is not None:
                yield from _expanded(made, makers, deep - 1)


def _unit(part: Part, makers: dict[str, Rule]) -> str:
    found = values(part).unit
    recorded = next((one for one in part.selectors() if one.name in makers), None)
    if not found and recorded is not None and len(list(part.selectors())) == 1:
        made = tree(makers[recorded.name].expr)
        found = values(made).unit if made is not None else ""
    return found


def _percentiles(parts: Iterable[Part]) -> Iterator[float]:
    for part in parts:
        if isinstance(part, Call) and part.name in ("histogram_quantile", "quantile_over_time"):
            value = constant(part.args[0])
            if value is not None:
                yield value
        elif isinstance(part, Selector):
            for matcher in part.matchers:
                if matcher.name == "quantile" and re.fullmatch(r"0?\.\d+", matcher.value):
                    yield float(matcher.value)


def _measures(threshold: Threshold) -> set[Measure]:
    pair = {Measure.ERRORS, Measure.AVAILABILITY}
    return pair if threshold.measure in pair else {threshold.measure}


def _speaks_of(words: str, component: str) -> bool:
    bare = component.lower()
    return any(form in words for form in (bare, bare.rstrip("s"), re.sub(r"ies$", "y", bare)) if form)


def _base(metric: str) -> str:
    return re.sub(r"_(?:bucket|count|sum)$", "", re.sub(r"\{.*", "", metric))


def _equal(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=2e-3, abs_tol=1e-9)
