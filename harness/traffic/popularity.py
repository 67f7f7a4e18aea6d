"""Which customer a request concerns: few are asked for often, many seldom, and some cities come first."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Ranked(Generic[T]):
    """Things in order of popularity: the n-th is chosen with weight 1 / n^exponent (Zipf's law)."""

    def __init__(self, things: Sequence[T], exponent: float) -> None:
        """Raises ValueError where there is nothing to choose from."""
        if not things:
            raise ValueError("there is nothing to choose from")
        self._things = tuple(things)
        self._weights = list(accumulate(1 / rank**exponent for rank in range(1, len(things) + 1)))

    def choose(self, stream: random.Random) -> T:
        """One of the things."""
        place = bisect(self._weights, stream.random() * self._weights[-1])
        return self._things[min(place, len(self._things) - 1)]

    def __len__(self) -> int:
        return len(self._things)


class Customers:
    """The customers of a territory: `share` of the requests go to the preferred ones, the rest to all."""

    def __init__(self, everyone: Sequence[int], preferred: Sequence[int], share: float, exponent: float) -> None:
        """Raises ValueError where there is no customer at all."""
        self._everyone = Ranked(everyone, exponent)
        self._preferred = Ranked(preferred, exponent) if preferred else None
        self._share = share

    def choose(self, stream: random.Random) -> int:
        """The id of one customer."""
        if self._preferred is not None and stream.random() < self._share:
            return self._preferred.choose(stream)
        return self._everyone.choose(stream)
