"""Adding up recorded latencies gives what HdrHistogram gives, row by row."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.record.histograms import (
    JOINED,
    LISTED,
    add_encoded,
    encoded,
    new_histogram,
    percentile_of,
    rows_of,
    value_at,
)
from harness.record.reader import RecordReader
from harness.record.rows import Requests
from harness.record.writer import RecordWriter

LATENCIES = st.lists(st.integers(1, 60_000_000), max_size=30)


def by_library(values: list[int], *shape: int) -> bytes:
    histogram = HdrHistogram(*(shape or (1, 60_000_000, 3)))
    for value in values:
        histogram.record_value(value)
    blob: bytes = histogram.encode()
    return blob


@settings(max_examples=60, deadline=None)
@given(st.lists(LATENCIES, max_size=6), st.sampled_from([encoded, by_library]))
def test_the_sum_is_that_of_the_library(rows: list[list[int]], form: Callable[[list[int]], bytes]) -> None:
    quick, slow = new_histogram(), new_histogram()
    add_encoded(quick, map(form, rows))
    for row in rows:
        slow.decode_and_add(by_library(row))
    assert list(quick.counts) == list(slow.counts)
    assert (quick.total_count, quick.max_value) == (slow.total_count, slow.max_value)
    assert quick.get_value_at_percentile(95) == slow.get_value_at_percentile(95)
    assert quick.encode() == slow.encode()


def test_a_histogram_of_another_shape_is_added_too() -> None:
    total = new_histogram()
    add_encoded(total, [encoded([1000, 5000]), by_library([7000], 1, 3_600_000, 2)])
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
        library.decode_and_add(by_library(row))
    assert percentile_of(map(encoded, rows), percentile) == library.get_value_at_percentile(percentile)


def test_a_row_of_many_latencies_is_a_histogram_and_both_forms_come_joined_out_of_a_record(tmp_path: Path) -> None:
    rows = [[60_000_000, 1], list(range(1000, 1000 + LISTED)), list(range(5000, 5001 + LISTED)), [], [2047, 2048, 7]]
    blobs = [by_library([300, 40_000]), *map(encoded, rows)]
    assert [blob.startswith(b"HIST") for blob in blobs] == [True, False, False, True, False, False]
    with RecordWriter(tmp_path) as writer:
        writer.add_all(Requests(1, "DE", "w", "o", "ok", 1, blob) for blob in blobs)
    with RecordReader(tmp_path) as record:
        ((joined,),) = record.select(f"SELECT {JOINED} FROM requests")
    library, total = new_histogram(), new_histogram()
    for row in [[300, 40_000], *rows]:
        library.decode_and_add(by_library(row))
    add_encoded(total, rows_of(joined))
    assert total.encode() == library.encode()
    assert total.total_count == library.total_count
