"""From rates to moments."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.model import Phase
from harness.traffic.arrivals import Stretch, arrivals, expected, share

MIX = {"read": 85.0, "write": 15.0}
rate = st.floats(0, 200, allow_nan=False)
length = st.floats(0.01, 100)


def phases(*steps: tuple[float, dict[str, tuple[float, float]]]) -> list[Phase]:
    """Phases in a row: (seconds, rates)."""
    found, start = [], 0.0
    for seconds, rates in steps:
        found.append(Phase(name=f"p{len(found)}", start=start, end=start + seconds, rates=rates))
        start += seconds
    return found


lines = st.lists(st.tuples(length, rate, rate), min_size=1, max_size=5)


@given(lines, st.integers(0, 2**32))
def test_even_arrivals_are_as_many_as_the_area_below_the_rate(steps, seed) -> None:
    plan = phases(*((seconds, {"DE": (first, last)}) for seconds, first, last in steps))
    count = sum(1 for _ in arrivals(plan, MIX, seed, "even"))
    assert abs(count - expected(plan)) <= 0.5 + 1e-6


@given(lines, st.integers(0, 2**32))
def test_poisson_arrivals_are_about_as_many_as_the_area_below_the_rate(steps, seed) -> None:
    plan = phases(*((seconds, {"DE": (first, last)}) for seconds, first, last in steps))
    mean = expected(plan)
    count = sum(1 for _ in arrivals(plan, MIX, seed))
    assert abs(count - mean) <= 6 * mean**0.5 + 6


@given(lines, st.integers(0, 2**32), st.sampled_from(["poisson", "even"]))
def test_arrivals_come_in_order_and_within_their_phases(steps, seed, process) -> None:
    plan = phases(*((seconds, {"DE": (first, last), "AT": (last, first)}) for seconds, first, last in steps))
    found = list(arrivals(plan, MIX, seed, process))
    assert all(before.at <= after.at for before, after in pairwise(found))
    assert all(0 <= arrival.at <= plan[-1].end for arrival in found)
    for territory in ("DE", "AT"):
        ordinals = [arrival.ordinal for arrival in found if arrival.territory == territory]
        assert ordinals == list(range(len(ordinals)))


@given(lines, st.integers(0, 2**32))
def test_one_territory_does_not_move_another(steps, seed) -> None:
    alone = phases(*((seconds, {"DE": (first, last)}) for seconds, first, last in steps))
    both = phases(*((seconds, {"AT": (last, first), "DE": (first, last)}) for seconds, first, last in steps))
    german = [arrival for arrival in arrivals(both, MIX, seed) if arrival.territory == "DE"]
    assert german == list(arrivals(alone, MIX, seed))


@given(st.integers(0, 2**32))
def test_the_mix_does_not_move_the_times(seed) -> None:
    plan = phases((10, {"DE": (20, 40)}))
    assert [a.at for a in arrivals(plan, MIX, seed)] == [a.at for a in arrivals(plan, {"read": 1}, seed)]


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_workers_share_the_arrivals_without_rest(seed, workers) -> None:
    plan = phases((10, {"DE": (20, 40), "CH": (3, 3)}))
    parts = [a for index in range(workers) for a in share(arrivals(plan, MIX, seed), index, workers)]
    assert sorted(parts) == sorted(arrivals(plan, MIX, seed))


def test_a_seed_gives_the_same_arrivals_again_and_another_seed_others() -> None:
    plan = phases((10, {"DE": (20, 20)}))
    assert list(arrivals(plan, MIX, 1)) == list(arrivals(plan, MIX, 1))
    assert list(arrivals(plan, MIX, 1)) != list(arrivals(plan, MIX, 2))


def test_arrivals_are_made_only_as_far_as_they_are_asked_for() -> None:
    plan = phases((1e9, {"DE": (1000, 1000)}))
    assert len(list(islice(arrivals(plan, MIX, 1), 10))) == 10


def test_a_rate_of_nothing_brings_nothing_and_what_follows_comes_in_its_own_phase() -> None:
    plan = phases((10, {"DE": (0, 0)}), (10, {"DE": (50, 50)}), (10, {"AT": (1, 1)}), (10, {"DE": (0, 50)}))
    times = [arrival.at for arrival in arrivals(plan, MIX, 3) if arrival.territory == "DE"]
    assert not [at for at in times if at < 10 or 20 < at < 30]
    assert 350 < sum(10 <= at <= 20 for at in times) < 650
    assert sum(30 <= at < 35 for at in times) < sum(35 <= at < 40 for at in times) / 2


def test_even_arrivals_at_a_steady_rate_are_evenly_spaced() -> None:
    times = [arrival.at for arrival in arrivals(phases((2, {"DE": (10, 10)})), MIX, 1, "even")]
    assert times == pytest.approx([0.05 + 0.1 * i for i in range(20)])


def test_gaps_of_poisson_arrivals_vary_as_they_should() -> None:
    times = [arrival.at for arrival in arrivals(phases((1000, {"DE": (20, 20)})), MIX, 1)]
    gaps = [after - before for before, after in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert deviation == pytest.approx(mean, rel=0.05)  # of an exponential distribution both are the same


def test_operations_follow_the_mix() -> None:
    found = [arrival.operation for arrival in arrivals(phases((100, {"DE": (200, 200)})), MIX, 1)]
    assert found.count("write") / len(found) == pytest.approx(0.15, abs=0.01)


@given(length, rate, rate, st.floats(0, 1))
def test_the_moment_of_an_area_has_that_area_before_it(seconds, first, last, part) -> None:
    stretch = Stretch(0, seconds, first, last)
    t = stretch.moment(part * stretch.expected)
    area = first * t + (last - first) / seconds * t * t / 2
    assert 0 <= t <= seconds
    assert area == pytest.approx(part * stretch.expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("wrong", [(0, -1, 1, 1), (0, 1, -1, 1), (0, 1, 1, -1)])
def test_a_stretch_that_makes_no_sense_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"before it starts|negative"):
        Stretch(*wrong)
