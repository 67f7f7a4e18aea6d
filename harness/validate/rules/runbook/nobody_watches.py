"""RB006: a runbook demands something that no alert watches."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.limits import belonging, rule_limits
from harness.validate.promises import Expected, Measure, Mention, Threshold
from harness.validate.promql import tree
from harness.validate.rule import ValidationRule

_WATCHED = frozenset({Measure.LATENCY, Measure.ERRORS, Measure.AVAILABILITY, Measure.LAG, Measure.QUEUE, Measure.DEPTH})


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Only of pages that speak of alerts which were read: other pages may belong to other rules."""
    ours = {one.place.path for one in estate.all(Mention) if one.kind == "alert" and one.name in estate.alert_names}
    ours |= {one.place.path for one in estate.all(Threshold) if set(one.alerts) & estate.alert_names}
    limits = rule_limits(estate)
    blocks: set[tuple[object, int]] = {(one.place.path, one.place.line) for one in estate.all(Expected)}
    vague = _vague(estate)
    told: set[tuple[object, ...]] = set()
    for threshold in estate.all(Threshold):
        subject = (threshold.place.path, threshold.metric or threshold.measure, threshold.component)
        if threshold.place.path not in ours or threshold.alerts or subject in told:
            continue
        if _in_block(threshold, blocks) or not (threshold.metric or threshold.measure in _WATCHED):
            continue
        if belonging(threshold, limits) or _read_anywhere(threshold, estate):
            continue
        told.add(subject)
        yield Defect(
            threshold.place,
            f"The runbook sets a limit for {_what(threshold)} ({threshold.limit.written}), but no alert watches it",
            "Add an alert for it, or say in the page who looks at it and when",
            confidence=Confidence.GUESS
            if vague or threshold.component or threshold.confidence is Confidence.GUESS
            else Confidence.LIKELY,
            understood=threshold.understood(),
        )


def _what(threshold: Threshold) -> str:
    share = f"p{threshold.percentile * 100:g} " if threshold.percentile is not None else ""
    return threshold.metric or f"{share}{threshold.measure.value}" + (
        f" of {threshold.component}" if threshold.component else ""
    )


def _vague(estate: Estate) -> bool:
    """Whether alerts read series that are recorded elsewhere: nobody knows what they watch."""
    records = {rule.record for rule in estate.found.rules if rule.record}
    trees = [root for rule in estate.alerts if (root := tree(rule.expr)) is not None]
    return any(":" in one.name and one.name not in records for root in trees for one in root.selectors())


def _read_anywhere(threshold: Threshold, estate: Estate) -> bool:
    """Whether a metric by that name, or any alert by words of that measure, is there in another form."""
    if threshold.metric:
        bare = threshold.metric.split("{")[0]
        return any(bare in rule.expr for rule in estate.alerts)
    words = {
        Measure.ERRORS: ("error", "fail", "reject", "succe", "5..", "burn", "slo", "fehl", "abgelehnt", "abgebrochen"),
        Measure.AVAILABILITY: ("error", "fail", "avail", "up", "probe_success", "burn", "slo", "fehl", "erreichbar"),
        Measure.LATENCY: (
            "latency",
            "duration",
            "quantile",
            "slow",
            "response",
            "burn",
            "slo",
            "dauer",
            "langsam",
            "antwort",
        ),
        Measure.LAG: ("lag", "delay", "behind", "age", "stand", "verzug", "alter"),
    }.get(threshold.measure, (threshold.measure.value.split()[0],))
    return any(word in f"{rule.alert} {rule.expr}".lower() for rule in estate.alerts for word in words)


def _in_block(threshold: Threshold, blocks: set[tuple[object, int]]) -> bool:
    """Whether it stands in a `yaml expect` block: a rehearsal watches it."""
    near = range(threshold.place.line - 10, threshold.place.line + 1)
    return threshold.confidence is Confidence.CERTAIN and any((threshold.place.path, line) in blocks for line in near)


RULE = ValidationRule("RB006", "nobody-watches", "A runbook demands what no alert watches.", Severity.WARNING, check)
