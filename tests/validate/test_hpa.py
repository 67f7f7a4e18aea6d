"""The HPA's arithmetic: its own laws, and numbers worked out by hand from Kubernetes' documentation."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.validate.hpa import (
    DOWN,
    LEGACY_UP,
    UP,
    Direction,
    Policy,
    Select,
    Step,
    fastest,
    limit_down,
    limit_up,
    told,
    wanted,
)

policies = st.lists(
    st.builds(Policy, percent=st.booleans(), value=st.integers(1, 200), period=st.integers(1, 1800)), min_size=1, max_size=3
).map(tuple)
directions = st.builds(
    Direction, policies, select=st.sampled_from([Select.MAX, Select.MIN]), stabilisation=st.integers(0, 600)
)
counts = st.integers(1, 200)


@pytest.mark.parametrize(
    ("pods", "signal", "target", "averaged", "want"),
    [
        pytest.param(2, 200, 50, True, 4, id="AverageValue divides the sum by the target"),
        pytest.param(6, 1.0, 0.25, True, 4, id="a latency of 1 s against 0.25 asks for 4 pods, however many there are"),
        pytest.param(4, 1.0, 0.25, True, 4, id="which is its fixed point"),
        pytest.param(6, 1.0, 0.25, False, 24, id="Value multiplies the pods by the ratio"),
        pytest.param(10, 11, 1, True, 10, id="one more of ten is within the tolerance"),
        pytest.param(9, 10, 1, True, 10, id="one more of nine is not"),
        pytest.param(10, 12, 1, True, 12, id="two more of ten are not"),
        pytest.param(10, 9, 1, True, 10, id="one fewer of ten is within it"),
        pytest.param(3, 0.7, 0.1, False, 21, id="floating point does not add a pod"),
    ],
)
def test_a_metric_asks_for_pods(pods: int, signal: float, target: float, averaged: bool, want: int) -> None:
    assert wanted(pods, signal, target, averaged=averaged) == want


@given(counts, st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0.001, 1e4), st.booleans())
def test_a_higher_signal_never_asks_for_fewer_pods(
    pods: int, one: float, two: float, target: float, averaged: bool
) -> None:
    low, high = sorted((one, two))
    assert wanted(pods, low, target, averaged=averaged) <= wanted(pods, high, target, averaged=averaged)


@pytest.mark.parametrize(
    ("direction", "start", "goal", "path"),
    [
        pytest.param(UP, 1, 20, [Step(0, 5), Step(15, 10), Step(30, 20)], id="four pods or 100 % per 15 s"),
        pytest.param(LEGACY_UP, 1, 20, [Step(0, 4), Step(15, 8), Step(30, 16), Step(45, 20)], id="without any behavior"),
        pytest.param(
            Direction((Policy(False, 1, 60),)), 2, 4, [Step(0, 3), Step(60, 4)], id="one pod a minute, at once the first"
        ),
        pytest.param(
            Direction((Policy(False, 1, 60),), stabilisation=120), 2, 3, [Step(105, 3)], id="after the stabilisation"
        ),
        pytest.param(Direction((Policy(False, 4, 60), Policy(True, 10, 60)), Select.MIN), 1, 3, [Step(0, 2), Step(60, 3)]),
        pytest.param(Direction((Policy(False, 4, 60),), Select.DISABLED), 1, 3, [], id="disabled"),
        pytest.param(DOWN, 6, 2, [Step(285, 2)], id="down, after five minutes, all at once"),
        pytest.param(
            Direction((Policy(True, 50, 60),)), 8, 1, [Step(0, 4), Step(60, 2), Step(120, 1)], id="down by halves"
        ),
        pytest.param(UP, 5, 5, [], id="nothing to do"),
    ],
)
def test_the_fastest_path(direction: Direction, start: int, goal: int, path: list[Step]) -> None:
    assert list(fastest(direction, start, goal)) == path


ONE_FIVE_NINE = [(-1.0, 1), (-41.0, 5), (-81.0, 9)]


@pytest.mark.parametrize(
    ("policies", "pods", "steps", "limit"),
    [
        pytest.param(((False, 1, 60),), 3, [], 4, id="one pod"),
        pytest.param(((False, 4, 15), (True, 100, 15)), 10, [], 20, id="default behavior"),
        pytest.param(((False, 100, 60), (True, 100, 60)), 10, [], 110, id="pods larger than percent"),
        pytest.param(((False, 2, 60), (True, 100, 60)), 10, [], 20, id="percent larger than pods"),
        pytest.param(((True, 200, 60),), 10, [], 30, id="percent"),
        pytest.param(((False, 5, 120),), 100, ONE_FIVE_NINE, 100, id="after many steps up"),
        pytest.param(((False, 150, 120),), 100, ONE_FIVE_NINE, 235, id="pods and steps before: 100 - 15 + 150"),
        pytest.param(((True, 200, 120),), 100, ONE_FIVE_NINE, 255, id="percent and steps before: (100 - 15) + 200 %"),
        pytest.param(((True, 10, 60),), 100, [], 111, id="floating point: 100 x 1.1 is more than 110"),
    ],
)
def test_the_limit_up_is_that_of_kubernetes_own_tests(
    policies: tuple[tuple[bool, int, int], ...], pods: int, steps: list[tuple[float, int]], limit: int
) -> None:
    """TestScalingWithRules of horizontal_test.go."""
    assert limit_up(Direction(tuple(Policy(*one) for one in policies)), pods, 0, steps) == limit


@pytest.mark.parametrize(
    ("policies", "pods", "steps", "limit"),
    [
        pytest.param(((False, 20, 60),), 1000, [], 980, id="twenty pods"),
        pytest.param(((False, 20, 60), (True, 1, 60)), 100, [], 80, id="pods larger than percent"),
        pytest.param(((False, 2, 60), (True, 1, 60)), 100, [], 98, id="as said there, pods"),
        pytest.param(((True, 50, 60),), 10, [], 5, id="half"),
        pytest.param(((True, 100, 15),), 10, ONE_FIVE_NINE, 0, id="default behavior"),
        pytest.param(((False, 115, 120),), 100, ONE_FIVE_NINE, 0, id="100 + 15 - 115"),
    ],
)
def test_the_limit_down_is_that_of_kubernetes_own_tests(
    policies: tuple[tuple[bool, int, int], ...], pods: int, steps: list[tuple[float, int]], limit: int
) -> None:
    """TestScalingWithRules of horizontal_test.go."""
    assert limit_down(Direction(tuple(Policy(*one) for one in policies)), pods, 0, steps) == limit


@given(directions, counts, counts)
def test_a_path_is_monotone_and_never_passes_its_goal(direction: Direction, start: int, goal: int) -> None:
    path = fastest(direction, start, goal)
    pods = [start, *(step.pods for step in path)]
    assert pods == sorted(pods, reverse=goal < start)
    assert all(min(start, goal) <= count <= max(start, goal) for count in pods)
    assert all(one.at < two.at for one, two in itertools.pairwise(path))


@given(directions, counts, counts)
def test_a_path_up_reaches_its_goal_and_not_before_the_stabilisation(direction: Direction, start: int, more: int) -> None:
    path = fastest(direction, start, start + more)
    assert path
    assert path[-1].pods == start + more
    assert path[0].at >= direction.stabilisation - 15


@given(directions, counts, counts, st.integers(1, 100))
def test_a_nearer_goal_is_never_reached_later(direction: Direction, start: int, more: int, further: int) -> None:
    near, far = fastest(direction, start, start + more), fastest(direction, start, start + more + further)
    assert near[-1].at <= far[-1].at


@given(directions, counts, counts)
def test_no_policy_allows_more_than_it_says_within_its_period(direction: Direction, start: int, more: int) -> None:
    if direction.select is not Select.MIN:
        return
    path = [Step(-1.0, start), *fastest(direction, start, start + more)]
    for policy in direction.policies:
        if not policy.percent:
            for index, step in enumerate(path[1:], 1):
                before = [one.pods for one in path[:index] if one.at <= step.at - policy.period] or [start]
                assert step.pods - before[-1] <= policy.value


def test_a_long_path_is_told_without_its_middle() -> None:
    path = tuple(Step(60 * n, n + 3) for n in range(10))
    assert told(path) == "3 pods after 0 s, 4 after 60 s, 5 after 120 s, 6 after 180 s, …, 12 after 540 s"
