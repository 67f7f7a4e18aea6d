"""Durations in PromQL are divided; nothing else changes, whatever it looks like."""

from __future__ import annotations

from datetime import timedelta

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.promql import Scaling, display, parse_duration, scaled_promql

TWELVE = Scaling(12, timedelta(seconds=1.25))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(x[1m])", "rate(x[5s])"),
        ("rate(x[5m] offset 1h)", "rate(x[25s] offset 5m)"),
        ("x offset -1h", "x offset -5m"),
        ("rate(x[5m] @ end() offset 3m)", "rate(x[25s] @ end() offset 15s)"),
        ("max_over_time(rate(x[2m])[1h:3m] offset 1m)", "max_over_time(rate(x[10s])[5m:15s] offset 5s)"),
        ("avg_over_time(x[1h:])", "avg_over_time(x[5m:])"),
        ('rate(x{path="/a[5m] offset 5m"}[5m])', 'rate(x{path="/a[5m] offset 5m"}[25s])'),
        (
            r'label_replace(rate(x[5m]), "a", "$1", "b", "(.*)\\.d[1m]")',
            r'label_replace(rate(x[25s]), "a", "$1", "b", "(.*)\\.d[1m]")',
        ),
        ("rate(x[5m]) # over [5m] because ...\n > 0.3", "rate(x[25s]) # over [5m] because ...\n > 0.3"),
        ("rate(x{a='[1m]',b=`[2m]`}[ 90s ]) > 300", "rate(x{a='[1m]',b=`[2m]`}[7s500ms]) > 300"),
        ("sum by (offset) (x) / 60", "sum by (offset) (x) / 60"),
        ("up == 1", "up == 1"),
    ],
)
def test_ranges_steps_and_offsets_are_divided_and_the_rest_stays_letter_by_letter(expression: str, expected: str) -> None:
    changed, _ = scaled_promql(expression, TWELVE)

    assert changed == expected
    promql_parser.parse(changed)


def test_a_range_never_falls_below_four_scrapes_and_says_so() -> None:
    changed, (stretch,) = scaled_promql("rate(x[30s])", TWELVE)

    assert changed == "rate(x[5s])"
    assert stretch.why == "not below 4 scrape intervals"


def test_a_range_is_never_made_longer_than_it_was() -> None:
    assert scaled_promql("rate(x[2s])", TWELVE)[0] == "rate(x[2s])"


@pytest.mark.parametrize("deep", ["a" + " + a" * 20_000, "(" * 5_000 + "a" + ")" * 5_000])
def test_an_expression_that_would_end_the_parser_is_refused_in_a_sentence(deep: str) -> None:
    with pytest.raises(ValueError, match="too large or too deeply nested"):
        scaled_promql(deep, Scaling(12, timedelta(seconds=5)))


def test_lapse_one_changes_nothing_but_still_refuses_what_does_not_parse() -> None:
    one = Scaling(1, timedelta(seconds=15))

    assert scaled_promql("rate( x[1m] )", one) == ("rate( x[1m] )", [])
    with pytest.raises(ValueError, match="no valid PromQL"):
        scaled_promql("rate(x[1m]", one)


@given(st.integers(1, 10_000_000), st.floats(1, 60))
def test_a_scaled_range_is_what_prometheus_reads_back(milliseconds: int, factor: float) -> None:
    original = timedelta(milliseconds=milliseconds)
    scaling = Scaling(factor, timedelta(seconds=15) / factor)

    changed, stretches = scaled_promql(f"rate(x[{display(original)}])", scaling)

    if factor == 1:
        assert stretches == []
        return
    (stretch,) = stretches
    assert changed == f"rate(x[{display(stretch.scaled)}])"
    assert parse_duration(display(stretch.scaled)) == stretch.scaled
    assert stretch.scaled <= original
    assert stretch.scaled >= min(original, original / factor) - timedelta(milliseconds=1)
