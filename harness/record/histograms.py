"""Latencies as recorded, added up: the same as `HdrHistogram.decode_and_add`, without an object per row.

A row's histogram is decoded into one scratch array that is used again and again; only the part of it that holds
counts is added and cleared. An hour of requests is a hundred thousand rows.
"""

from __future__ import annotations

import math
import zlib
from base64 import b64decode
from collections.abc import Iterable
from ctypes import addressof, memset, sizeof

from hdrh.codec import add_array, decode, ext_header_size, payload_header_size
from hdrh.histogram import HdrHistogram

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
    return _header(zlib.decompress(b64decode(sample.encode())[ext_header_size:]))


_OWN_HEADER = _own_header()


def add_encoded(total: HdrHistogram, encoded: Iterable[bytes]) -> None:
    """Add histograms in their encoded form to `total`, which has the shape of `new_histogram`."""
    scratch = new_histogram().encoder.get_counts()
    at, word, length = addressof(scratch), total.word_size, total.counts_len
    counts_at = addressof(total.encoder.get_counts())
    if sizeof(scratch) != length * word:
        raise ValueError("the total has another shape than the recorded histograms")
    count, lowest, highest = 0, -1, -1
    for blob in encoded:
        payload = zlib.decompress(b64decode(blob)[ext_header_size:])
        if _header(payload) != _OWN_HEADER:
            total.decode_and_add(blob)
            continue
        seen = decode(payload, payload_header_size, at, length, word)
        last = seen["max_nonzero_index"]
        if seen["total"] == 0:
            continue
        add_array(counts_at, at, last + 1, word)
        memset(at, 0, (last + 1) * word)
        count += seen["total"]
        highest = max(highest, last)
        first = seen["min_nonzero_index"]
        lowest = first if lowest < 0 else min(lowest, first)
    if count:
        total.total_count += count
        total.max_value = max(total.max_value, total.get_highest_equivalent_value(total.get_value_from_index(highest)))
        total.min_value = min(total.min_value, total.get_value_from_index(lowest) or 1)


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
