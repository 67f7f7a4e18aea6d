"""RB004: a runbook's threshold is another than that of the alert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.limits import RuleLimit, belonging, comparable, covered, named, rule_limits
from harness.validate.promises import Threshold
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Against the alerts named beside it, else against those that watch the same thing."""
    limits = rule_limits(estate)
    thresholds = estate.all(Threshold)
    for threshold in thresholds:
        if threshold.alerts:
            pool = [one for one in named(threshold, limits) if comparable(threshold, one) is not None]
        elif covered(threshold, thresholds):
            continue
        else:
            pool = [one for one in belonging(threshold, limits) if comparable(threshold, one) is not None]
        if threshold.level and not any(_of_level(one, threshold) for one in pool):
            continue
        pool = [one for one in pool if not threshold.level or _of_level(one, threshold)] or pool
        if pool and not any(comparable(threshold, one) for one in pool):
            yield _differs(threshold, pool)


def _of_level(limit: RuleLimit, threshold: Threshold) -> bool:
    return limit.rule.labels.get("severity") == threshold.level


def _differs(threshold: Threshold, pool: Sequence[RuleLimit]) -> Defect:
    limit = pool[0]
    promised = f"{threshold.comparison} {threshold.limit.written}"
    return Defect(
        threshold.place,
        f"The runbook says {promised}, but {limit.rule.alert} fires at {limit.written()}",
        "Make both the same: change the page or the rule",
        tuple(Related(one.rule.within(*one.comparison.at), f"the limit of {one.rule.alert}") for one in pool[:3]),
        confidence=_confidence(threshold, pool),
        understood=threshold.understood(),
    )


def _confidence(threshold: Threshold, pool: Sequence[RuleLimit]) -> Confidence:
    if not all(one.unit for one in pool) and not threshold.metric:
        return Confidence.GUESS
    if threshold.alerts:
        return threshold.confidence if len({one.value for one in pool}) == 1 else Confidence.GUESS
    if len({one.value for one in pool}) > 1:
        return Confidence.GUESS
    return Confidence.LIKELY if threshold.confidence is Confidence.CERTAIN else threshold.confidence


RULE = ValidationRule(
    "RB004", "threshold-differs", "A runbook's threshold differs from the alert's.", Severity.ERROR, check
)
