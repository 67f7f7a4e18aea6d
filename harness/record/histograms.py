"""Latencies as recorded, added up: the same as `HdrHistogram.decode_and_add`, without an object per row.

An hour of requests is a hundred thousand rows, most of which hold a handful of counts. Those are read byte by byte into a
table of counts, which is several times quicker than decoding and adding whole arrays; long rows take the library's way.
Format: HdrHistogram V2, ZigZag LEB128: a positive number is a count, a negative one so many empty places.
"""

from __future__ import annotations

import math
import zlib
from binascii import a2b_base64
from collections import defaultdict
from collections.abc import Iterable, Iterator

from hdrh.codec import ext_header_size, payload_header_size
from hdrh.histogram import HdrHistogram

LONG_ROW = 200
"""Bytes of counts from which the library's own decoding is quicker."""


def new_histogram() -> HdrHistogram:
    """An empty histogram of the one shape used everywhere: 1 us .. 60 s, three significant digits."""
    return HdrHistogram(1, 60_000_000, 3)


def _own_header() -> tuple[bytes, bytes]:
    """What stands before and after the length of a row's counts; the same in every row of our own shape."""
    sample = new_histogram()
    sample.record_value(1)
    payload = zlib.decompress(a2b_base64(sample.encode())[ext_header_size:])
    return payload[:4], payload[8:payload_header_size]


_BEFORE_LENGTH, _AFTER_LENGTH = _own_header()
_SHAPE = new_histogram()
"""Always empty: it knows which value a place stands for."""


def add_encoded(total: HdrHistogram, encoded: Iterable[bytes]) -> None:
    """Add histograms in their encoded form to `total`, which has the shape of `new_histogram`."""
    counts, others = _counted(encoded)
    for blob in others:
        total.decode_and_add(blob)
    if not counts:
        return
    places = total.encoder.get_counts()
    for index, count in counts.items():
        places[index] += count
    total.total_count += sum(counts.values())
    highest = total.get_value_from_index(max(counts))
    total.max_value = max(total.max_value, total.get_highest_equivalent_value(highest))
    total.min_value = min(total.min_value, total.get_value_from_index(min(counts)) or 1)


def percentile_of(encoded: Iterable[bytes], percentile: float) -> int:
    """A percentile above 0 of the sum, microseconds, as `HdrHistogram.get_value_at_percentile` has it; 0 of nothing.

    Looks only at places that hold something: a chart asks for a thousand percentiles of a few hundred requests each.
    """
    counts, others = _counted(encoded)
    if others:
        total = new_histogram()
        for blob in others:
            total.decode_and_add(blob)
        for index, count in enumerate(total.encoder.get_counts()):
            if count:
                counts[index] += count
    wanted = max(int(percentile * sum(counts.values()) / 100 + 0.5), 1)
    passed = 0
    for index in sorted(counts):
        passed += counts[index]
        if passed >= wanted:
            return int(_SHAPE.get_highest_equivalent_value(_SHAPE.get_value_from_index(index)))
    return 0


def _counted(encoded: Iterable[bytes]) -> tuple[defaultdict[int, int], list[bytes]]:
    """Counts by place of all short rows of our own shape, and the rows that the library has to read."""
    counts: defaultdict[int, int] = defaultdict(int)
    others = []
    longest = payload_header_size + LONG_ROW
    for blob in encoded:
        payload = zlib.decompress(a2b_base64(blob)[ext_header_size:])
        if len(payload) > longest or not (payload.startswith(_BEFORE_LENGTH) and payload.startswith(_AFTER_LENGTH, 8)):
            others.append(blob)
            continue
        index = 0
        rest = iter(payload[payload_header_size:])
        for number in rest:
            if number > 0x7F:  # nearly all numbers of more than one byte have two
                number = number & 0x7F | next(rest) << 7  # noqa: PLW2901
                if number > 0x3FFF:
                    number = _long(number & 0x3FFF, rest)  # noqa: PLW2901
            if number & 1:
                index += (number + 1) >> 1
            else:
                counts[index] += number >> 1
                index += 1
    return counts, others


def _long(number: int, rest: Iterator[int]) -> int:
    """The whole of a number whose first two bytes are known and say that more follow."""
    shift = 14
    for byte in rest:
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return number


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
