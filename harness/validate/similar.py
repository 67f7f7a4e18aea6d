"""Names that are so alike that one is a slip of the other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_ALIKE = 0.6
_LEAST = 0.8


class Names:
    """Known names, sorted by the numbers in them: `rate5m` and `rate30m` are no slips of each other."""

    def __init__(self, known: Iterable[str]) -> None:
        self._by_numbers: dict[tuple[str, ...], list[tuple[str, tuple[str, ...]]]] = {}
        for name in sorted(known):
            words = _words(name)
            self._by_numbers.setdefault(_numbers(words), []).append((name, words))

    def nearest(self, name: str) -> str:
        """The known name that `name` is most likely a slip or an older form of, or ''.

        Word by word: `CrmQueryLatencyHigh` and `CrmQueriesLatencyHigh` are one, `http_requests_total` and
        `grpc_requests_total` are not.
        """
        words = _words(name)
        own, best, chosen = set(words), 0.0, ""
        for one, theirs in self._by_numbers.get(_numbers(words), ()):
            few = min(len(words), len(theirs))
            if one == name or abs(len(words) - len(theirs)) > 1 or len(own.intersection(theirs)) < few // 2:
                continue
            likeness = _likeness(words, theirs)
            if likeness > best:
                best, chosen = likeness, one
        return chosen


def similar(name: str, known: Iterable[str]) -> str:
    """`Names.nearest` for a single question."""
    return Names(known).nearest(name)


def _likeness(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    one, other = "".join(ours), "".join(theirs)
    if one == other or sorted(ours) == sorted(theirs):
        return 1.0
    if not _alike(ours, theirs):
        return 0.0
    whole = SequenceMatcher(None, one, other).ratio()
    return whole if whole >= _LEAST else 0.0


def _alike(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Word for word, or with one word more on one side."""
    if len(ours) == len(theirs):
        return all(_same(a, b) for a, b in zip(ours, theirs, strict=True))
    shorter, longer = sorted((ours, theirs), key=len)
    return len(shorter) >= 2 and all(any(_same(word, beside) for beside in longer) for word in shorter)


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) > 2 and SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(name))


def _numbers(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word.isdigit())
