"""PromQL under time lapse: ranges, subquery steps and offsets are divided, everything else stays as it was written.

The text is rewritten in place, because promql-parser prints what it parsed with faults (`[1h:]` loses its colon, escapes in
strings are dropped). That nothing but durations changed, and each as wanted, is proven by parsing both texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import promql_parser

from harness.promqltokens import TOO_LARGE, is_too_large

_DURATION = r"(?:\d+(?:ms|[smhdwy]))+"
_NOTHING = re.compile(r"0(?:ms|[smhdwy])?")
"""Prometheus takes no time in any unit; the parser takes it in none."""
_TOKEN = re.compile(
    rf"""
    (?P<kept> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` | \#[^\n]* )
  | \[\s*(?P<range>{_DURATION})\s*(?P<colon>:)?\s*(?P<step>{_DURATION})?\s*\]
  | (?P<word>\boffset\s+)(?P<sign>-?\s*)(?P<offset>{_DURATION})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_IN_DEBUG_TEXT = re.compile(r'("(?:\\.|[^"\\])*")|\b\d+(?:\.\d+)?(?:ns|µs|ms|s)\b')

GRAIN_INTERVALS = 4
"""A range must span so many scrapes, or rate() sees too few samples after one lost scrape."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A duration that was found in an expression: `what` is range, step or offset."""

    what: str
    original: timedelta
    scaled: timedelta
    why: str = ""


@dataclass(frozen=True, slots=True)
class Scaling:
    """How durations in PromQL change: divided by `factor`, ranges never below four of the scaled scrape intervals."""

    factor: float
    scrape_interval: timedelta

    def range(self, original: timedelta) -> Stretch:
        """A range of a selector or a subquery."""
        least = min(GRAIN_INTERVALS * self.scrape_interval, original)
        return self._at_least(least, "range", original, f"not below {GRAIN_INTERVALS} scrape intervals")

    def step(self, original: timedelta) -> Stretch:
        """The resolution of a subquery."""
        return self._at_least(min(self.scrape_interval, original), "step", original, "not below the scrape interval")

    def offset(self, original: timedelta) -> Stretch:
        """How far back an `offset` looks."""
        return self._at_least(timedelta(milliseconds=1), "offset", original, "not below 1ms")

    def _at_least(self, least: timedelta, what: str, original: timedelta, why: str) -> Stretch:
        scaled = original / self.factor
        chosen = max(scaled, least) if original else original
        return Stretch(what, original, _whole_milliseconds(chosen), why if chosen > scaled else "")


def scaled_promql(expression: str, scaling: Scaling) -> tuple[str, list[Stretch]]:
    """The expression under lapse, and every duration in it, in order. Raises ValueError where it does not parse."""
    before = _parse(expression)
    if scaling.factor == 1:
        return expression, []
    found: list[Stretch] = []

    def rewrite(match: re.Match[str]) -> str:
        if match["kept"]:
            return match[0]
        if match["offset"]:
            return f"{match['word']}{match['sign']}{_note(scaling.offset, match['offset'])}"
        text = _note(scaling.range, match["range"])
        if match["colon"]:
            text += ":" + (_note(scaling.step, match["step"]) if match["step"] else "")
        return f"[{text}]"

    def _note(scale: Callable[[timedelta], Stretch], text: str) -> str:
        stretch = scale(promql_parser.parse_duration(text.lower()))
        found.append(stretch)
        return display(stretch.scaled)

    changed = _TOKEN.sub(rewrite, expression)
    _prove(expression, before, changed, found)
    return changed, found


def display(duration: timedelta) -> str:
    """As Prometheus and Alertmanager read durations: whole milliseconds, `1s250ms`."""
    text: str = promql_parser.display_duration(_whole_milliseconds(duration))
    return text


def parse_duration(text: str) -> timedelta:
    """As Prometheus and Alertmanager write durations: `90s`, `1h30m`, `1d`, `0`. Raises ValueError."""
    if _NOTHING.fullmatch(text.strip()):
        return timedelta()
    found: timedelta = promql_parser.parse_duration(text.strip())
    return found


def _parse(expression: str) -> promql_parser.Expr:
    if is_too_large(expression):
        raise ValueError(TOO_LARGE)
    try:
        return promql_parser.parse(expression)
    except ValueError as error:
        raise ValueError(f"this is no valid PromQL: {' '.join(str(error).split())}") from None


def _prove(expression: str, before: promql_parser.Expr, changed: str, found: list[Stretch]) -> None:
    after = _parse(changed)
    wanted = sorted((one.what, one.scaled) for one in found)
    if _without_durations(repr(before)) != _without_durations(repr(after)) or sorted(_durations(after)) != wanted:
        raise ValueError(f"its durations cannot be scaled without changing what it says: {expression}")


def _durations(root: promql_parser.Expr) -> list[tuple[str, timedelta]]:
    durations: list[tuple[str, timedelta]] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr) and node.range is not None:
            durations.append(("range", node.range))
        if isinstance(node, promql_parser.SubqueryExpr) and node.step is not None:
            durations.append(("step", node.step))
        if isinstance(node, promql_parser.VectorSelector | promql_parser.SubqueryExpr) and node.offset is not None:
            durations.append(("offset", abs(node.offset)))

    promql_parser.walk(root, visit)
    return durations


def _without_durations(debug_text: str) -> str:
    return _IN_DEBUG_TEXT.sub(lambda match: match[1] or "?", debug_text)


def _whole_milliseconds(duration: timedelta) -> timedelta:
    return timedelta(milliseconds=round(duration / timedelta(milliseconds=1)))
