"""Latencies as a row keeps them, and added up: what `HdrHistogram` gives, without an object per row.

An hour of requests is a hundred thousand rows, most of which hold a handful of latencies. Such a row lists the place of
each of them in the histogram, in ascending order, as unsigned 16-bit numbers, little-endian: the rows of a stretch are
joined and counted as one. A row of many latencies is an encoded HdrHistogram (V2), as every row of older records is; it
begins with `HIST`, and the first two bytes of that, read as a place, lie beyond the last.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

from hdrh.histogram import HdrHistogram

LISTED = 128
"""So many latencies at most are listed one by one: an encoded histogram of more than that is smaller."""
_ENCODED = b"HIST"


JOINED = f"""group_concat(
    CASE WHEN substr(histogram, 1, {len(_ENCODED)}) = x'{_ENCODED.hex()}' THEN ' ' || hex(histogram) || ' '
    ELSE hex(histogram) END, '')"""
"""SQL for all latencies of a group of requests at once, for `rows_of`: no row of them becomes an object."""


def new_histogram() -> HdrHistogram:
    """An empty histogram of the one shape used everywhere: 1 us .. 60 s, three significant digits."""
    return HdrHistogram(1, 60_000_000, 3)


_SHAPE = new_histogram()
"""Always empty: it knows which value a place stands for."""


def encoded(latencies: Sequence[int]) -> bytes:
    """Latencies, each 1 .. 60,000,000 microseconds and in any order, as a row keeps them."""
    if len(latencies) <= LISTED:
        return _little_endian(array("H", sorted(map(_place, latencies)))).tobytes()
    histogram = new_histogram()
    for latency in latencies:
        histogram.record_value(latency)
    blob: bytes = histogram.encode()
    return blob


def rows_of(joined: str) -> list[bytes]:
    """What `JOINED` gave, as fewer rows of the same latencies: rows that list them follow one another without a seam."""
    return [bytes.fromhex(row) for row in joined.split()]


def add_encoded(total: HdrHistogram, rows: Iterable[bytes]) -> None:
    """Add latencies in their encoded form to `total`, which has the shape of `new_histogram`."""
    counts = _counted(rows)
    if not counts:
        return
    places = total.encoder.get_counts()
    for place, count in counts.items():
        places[place] += count
    total.total_count += counts.total()
    highest = total.get_value_from_index(max(counts))
    total.max_value = max(total.max_value, total.get_highest_equivalent_value(highest))
    total.min_value = min(total.min_value, total.get_value_from_index(min(counts)) or 1)


def percentile_of(rows: Iterable[bytes], percentile: float) -> int:
    """A percentile above 0 of the sum, microseconds, as `HdrHistogram.get_value_at_percentile` has it; 0 of nothing.

    Looks only at places that hold something: a chart asks for a thousand percentiles of a few hundred requests each.
    """
    counts = _counted(rows)
    wanted = max(int(percentile * counts.total() / 100 + 0.5), 1)
    passed = 0
    for place in sorted(counts):
        passed += counts[place]
        if passed >= wanted:
            return int(_SHAPE.get_highest_equivalent_value(_SHAPE.get_value_from_index(place)))
    return 0


def _counted(rows: Iterable[bytes]) -> Counter[int]:
    """How many latencies there are at each place that has any."""
    listed: list[bytes] = []
    histograms: list[bytes] = []
    for row in rows:
        (histograms if row.startswith(_ENCODED) else listed).append(row)
    counts = Counter(_little_endian(array("H", b"".join(listed))))
    if histograms:
        total = new_histogram()
        for row in histograms:
            total.decode_and_add(row)
        counts.update({place: count for place, count in enumerate(total.encoder.get_counts()) if count})
    return counts


def _place(latency: int) -> int:
    """The index of a latency's count: HdrHistogram keeps the leading bits of a value and how many it leaves out."""
    digits: int = _SHAPE.sub_bucket_half_count_magnitude
    left_out = max(0, latency.bit_length() - digits - 1)
    return (left_out << digits) + (latency >> left_out)


def _little_endian(places: array[int]) -> array[int]:
    if sys.byteorder == "big":
        places.byteswap()
    return places


def value_at(total: HdrHistogram, percentile: float, slower: int = 0) -> float:
    """The latency in microseconds within which `percentile` of all are answered; `slower` more never were.

    Nearest rank: the smallest value that at least that share of all does not exceed. Infinite where that many were not
    answered. Raises ValueError where there is nothing at all.
    """
    everything = total.total_count + slower
    if everything == 0:
        raise ValueError("a percentile of nothing")
    rank = max(1, math.ceil(round(everything * percentile / 100, 6)))
    if rank > total.total_count:
        return math.inf
    passed = 0
    for index, count in enumerate(total.encoder.get_counts()):
        passed += count
        if passed >= rank:
            return float(total.get_highest_equivalent_value(total.get_value_from_index(index)))
    return math.inf
