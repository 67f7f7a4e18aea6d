"""Comparisons in the wrong scale: a share of 0..1 with a limit in percent, seconds with a limit in milliseconds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.validate.comparisons import Comparison
from harness.validate.intervals import Values

_SMALL = re.compile(
    r"[=^][45]|err|fail|drop|lost|loss|5\.\.|5xx|4\.\.|throttl|retrans|reject|abort|conflict|deadlock|miss|saturat|pressure|waiting|"
    r"stalled|slow|skew|steal|iowait|discard|restart|timeout|denied|unavail|burn|collision|corrupt|duplicate|evict|lag|bad",
    re.IGNORECASE,
)
"""What is rare by nature: half a percent of errors is a sensible limit, half a percent of a processor is none."""

_ANSWERED = re.compile(r"request|response|http|grpc|rpc|latency|query|queries|call_duration|round_trip|rtt", re.IGNORECASE)
_NOT_ANSWERED = re.compile(
    r"job|batch|backup|cron|session|connection_age|uptime|age|lag|timestamp|since|window", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The scale of the expression, the scale that the limit seems to be in, the limit that seems to be meant."""

    scale: str
    limit_in: str
    meant: float
    sure: bool

    @property
    def too_small(self) -> bool:
        """Whether the limit is far below the values, not above them."""
        return self.limit_in in ("a share of one", "seconds")


def mismatch(one: Comparison) -> Mismatch | None:
    """Whether a limit is in another scale than what it is compared with."""
    if one.role == "value" or one.op in ("==", "!="):
        return None
    can_be = one.can_be
    if can_be.unit == "ratio":
        return _ratio(one, can_be)
    if can_be.unit == "percent" and 0 < one.limit < 1 and _names(one) and not _SMALL.search(_names(one)):
        return Mismatch("a percentage (0 to 100)", "a share of one", one.limit * 100, False) if one.limit >= 0.05 else None
    names = _names(one)
    answers = _ANSWERED.search(names) and not _NOT_ANSWERED.search(names)
    if can_be.unit == "s" and answers and one.limit >= 100 and one.op in (">", ">="):
        return Mismatch("in seconds", "milliseconds", one.limit / 1000, False)
    if can_be.unit == "ms" and answers and 0 < one.limit < 1 and one.op in (">", ">="):
        return Mismatch("in milliseconds", "seconds", one.limit * 1000, False)
    return None


def _ratio(one: Comparison, can_be: Values) -> Mismatch | None:
    bounded = can_be.high <= 1 and can_be.low >= 0
    limit = 1.0 if bounded else 2.0
    if one.limit <= limit:
        return None
    if not bounded and (one.limit > 100 or one.limit < 5):
        return None
    if one.limit > 100:
        return Mismatch("a share from 0 to 1", "no percentage either", one.limit, can_be.sure)
    return Mismatch("a share from 0 to 1", "percent", one.limit / 100, can_be.sure and bounded)


def _names(one: Comparison) -> str:
    return " ".join(
        f"{selector.name} {' '.join(f'{m.name}={m.value}' for m in selector.matchers)}"
        for selector in one.subject.selectors()
    )
