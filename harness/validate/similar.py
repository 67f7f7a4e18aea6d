"""Names that are so alike that one is a slip of the other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_ALIKE = 0.6
_LEAST = 0.8


def similar(name: str, known: Iterable[str]) -> str:
    """The known name that `name` is most likely a slip or an older form of, or ''.

    Word by word: `CrmQueryLatencyHigh` and `CrmQueriesLatencyHigh` are one, `http_requests_total` and `grpc_requests_total`
    are not, nor are `rate5m` and `rate30m`.
    """
    best, chosen = 0.0, ""
    for one in known:
        if one != name and (likeness := _likeness(name, one)) > best:
            best, chosen = likeness, one
    return chosen


@cache
def _likeness(one: str, other: str) -> float:
    if abs(len(one) - len(other)) > 0.4 * max(len(one), len(other)):
        return 0.0
    ours, theirs = _words(one), _words(other)
    if sorted(ours) == sorted(theirs) or "".join(ours) == "".join(theirs):
        return 1.0
    numbers = [[word for word in words if word.isdigit()] for words in (ours, theirs)]
    whole = SequenceMatcher(None, "".join(ours), "".join(theirs)).ratio()
    return whole if whole >= _LEAST and numbers[0] == numbers[1] and _alike(ours, theirs) else 0.0


def _alike(ours: list[str], theirs: list[str]) -> bool:
    """Word for word, or with one word more on one side."""
    if len(ours) == len(theirs):
        return all(_same(a, b) for a, b in zip(ours, theirs, strict=True))
    shorter, longer = sorted((ours, theirs), key=len)
    kept = sum(any(_same(word, beside) for beside in longer) for word in shorter)
    return kept == len(shorter) >= 2 and len(longer) - len(shorter) == 1


def _same(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) > 2 and SequenceMatcher(None, one, other).ratio() >= _ALIKE)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]
