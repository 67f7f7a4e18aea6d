"""Adding up recorded latencies gives what HdrHistogram gives, row by row."""

from __future__ import annotations

import math

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.record.histograms import add_encoded, new_histogram, percentile_of, value_at

LATENCIES = st.lists(st.integers(1, 60_000_000), max_size=30)


def encoded(values: list[int], *shape: int) -> bytes:
    histogram = HdrHistogram(*(shape or (1, 60_000_000, 3)))
    for value in values:
        histogram.record_value(value)
    blob: bytes = histogram.encode()
    return blob


@settings(max_examples=60, deadline=None)
@given(st.lists(LATENCIES, max_size=6))
def test_the_sum_is_that_of_the_library(rows: list[list[int]]) -> None:
    quick, slow = new_histogram(), new_histogram()
    add_encoded(quick, map(encoded, rows))
    for row in rows:
        slow.decode_and_add(encoded(row))
    assert list(quick.counts) == list(slow.counts)
    assert (quick.total_count, quick.max_value) == (slow.total_count, slow.max_value)
    assert quick.get_value_at_percentile(95) == slow.get_value_at_percentile(95)
    assert quick.encode() == slow.encode()


def test_a_histogram_of_another_shape_is_added_too() -> None:
    total = new_histogram()
    add_encoded(total, [encoded([1000, 5000]), encoded([7000], 1, 3_600_000, 2)])
    assert total.total_count == 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 2000), min_size=1, max_size=50), st.integers(0, 20), st.sampled_from([50, 90, 95, 99, 100]))
def test_a_percentile_is_the_nearest_rank_and_who_was_not_answered_is_slower_than_all(
    values: list[int], slower: int, percentile: float
) -> None:
    total = new_histogram()
    add_encoded(total, [encoded(values)])
    ordered = [*sorted(values), *[math.inf] * slower]
    assert value_at(total, percentile, slower) == ordered[math.ceil(len(ordered) * percentile / 100) - 1]


def test_a_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        value_at(new_histogram(), 95)


@settings(max_examples=60, deadline=None)
@given(st.lists(LATENCIES, max_size=6), st.sampled_from([1, 50, 95, 99.9, 100]), st.integers(0, 400))
def test_a_percentile_without_a_histogram_is_that_of_the_library(
    rows: list[list[int]], percentile: float, in_a_long_row: int
) -> None:
    rows = [*rows, list(range(1000, 1000 + in_a_long_row))]
    library = new_histogram()
    for row in rows:
        library.decode_and_add(encoded(row))
    assert percentile_of(map(encoded, rows), percentile) == library.get_value_at_percentile(percentile)
