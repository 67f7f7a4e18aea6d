"""Whom a request concerns."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.traffic.popularity import Customers, Ranked


def test_the_first_is_asked_for_twice_as_often_as_the_second() -> None:
    stream, ranked = random.Random(1), Ranked(range(1, 101), 1.0)
    counts = Counter(ranked.choose(stream) for _ in range(50_000))
    assert counts[1] / counts[2] == pytest.approx(2, rel=0.1)
    assert counts[1] / counts[10] == pytest.approx(10, rel=0.2)


def test_with_exponent_0_all_are_alike() -> None:
    stream, ranked = random.Random(1), Ranked("abcd", 0)
    counts = Counter(ranked.choose(stream) for _ in range(20_000))
    assert all(count == pytest.approx(5000, rel=0.1) for count in counts.values())


@given(st.lists(st.integers(), min_size=1, max_size=50), st.floats(0, 3), st.integers())
def test_what_is_chosen_is_one_of_them(things, exponent, seed) -> None:
    assert Ranked(things, exponent).choose(random.Random(seed)) in things


def test_preferred_customers_get_their_share_and_what_falls_on_them_anyway() -> None:
    stream, customers = random.Random(1), Customers(range(100), range(50), 0.7, 0)
    bavarian = sum(customers.choose(stream) < 50 for _ in range(20_000)) / 20_000
    assert bavarian == pytest.approx(0.7 + 0.3 / 2, abs=0.02)


def test_without_preferred_customers_all_are_chosen_from() -> None:
    stream, customers = random.Random(1), Customers(range(10), [], 0.7, 0)
    assert {customers.choose(stream) for _ in range(1000)} == set(range(10))


def test_nobody_to_choose_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to choose"):
        Ranked([], 1)
