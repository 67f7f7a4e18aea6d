"""Latencies as recorded, added up: the same as `HdrHistogram.decode_and_add`, without an object per row.

An hour of requests is a hundred thousand rows, most of which hold a handful of counts. Those are read byte by byte into a
table of counts, which is several times quicker than decoding and adding whole arrays; long rows take the library's way.
Format: HdrHistogram V2, ZigZag LEB128: a positive number is a count, a negative one so many empty places.
"""

from __future__ import annotations

import math
import zlib
from binascii import a2b_base64
from collections.abc import Iterable

from hdrh.codec import ext_header_size, payload_header_size
from hdrh.histogram import HdrHistogram

LONG_ROW = 200
"""Bytes of counts from which the library's own decoding is quicker."""
_LENGTH_AT = slice(4, 8)
"""Where the length of a row's counts stands in its header; all else of the header is the same in every row."""


def new_histogram() -> HdrHistogram:
    """An empty histogram of the one shape used everywhere: 1 us .. 60 s, three significant digits."""
    return HdrHistogram(1, 60_000_000, 3)


def _header(payload: bytes) -> bytes:
    return payload[: _LENGTH_AT.start] + payload[_LENGTH_AT.stop : payload_header_size]


def _own_header() -> bytes:
    sample = new_histogram()
    sample.record_value(1)
    return _header(zlib.decompress(a2b_base64(sample.encode())[ext_header_size:]))


_OWN_HEADER = _own_header()


def add_encoded(total: HdrHistogram, encoded: Iterable[bytes]) -> None:
    """Add histograms in their encoded form to `total`, which has the shape of `new_histogram`."""
    counts: dict[int, int] = {}
    for blob in encoded:
        payload = zlib.decompress(a2b_base64(blob)[ext_header_size:])
        if len(payload) > payload_header_size + LONG_ROW or _header(payload) != _OWN_HEADER:
            total.decode_and_add(blob)
        else:
            _read(payload[payload_header_size:], counts)
    if not counts:
        return
    places = total.encoder.get_counts()
    for index, count in counts.items():
        places[index] += count
    total.total_count += sum(counts.values())
    highest = total.get_value_from_index(max(counts))
    total.max_value = max(total.max_value, total.get_highest_equivalent_value(highest))
    total.min_value = min(total.min_value, total.get_value_from_index(min(counts)) or 1)


def _read(places: bytes, counts: dict[int, int]) -> None:
    index = number = shift = 0
    for byte in places:
        if byte & 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
            continue
        number |= byte << shift
        if number & 1:
            index += (number + 1) >> 1
        else:
            if number:
                counts[index] = counts.get(index, 0) + (number >> 1)
            index += 1
        number = shift = 0


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
