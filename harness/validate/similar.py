"""Names that are so alike that one is a slip of the other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def similar(name: str, known: Iterable[str]) -> str:
    """The known name that `name` is most likely a slip of, or ''. The words may be in another order or form."""
    best, chosen = 0.0, ""
    for one in known:
        if abs(len(one) - len(name)) > 0.3 * max(len(one), len(name)) or one == name:
            continue
        matcher = SequenceMatcher(None, name.lower(), one.lower())
        if matcher.real_quick_ratio() <= max(best, 0.82) or matcher.quick_ratio() <= max(best, 0.82):
            continue
        likeness = matcher.ratio()
        if likeness > max(best, 0.82) and _numbers(name) == _numbers(one):
            best, chosen = likeness, one
    return chosen


def _numbers(name: str) -> list[str]:
    """`rate5m` and `rate30m` are alike but no slip of each other."""
    return [word for word in _WORDS.findall(name) if word.isdigit()]
