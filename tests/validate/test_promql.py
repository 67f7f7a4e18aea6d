"""PromQL as a tree with places, the values it can have, the labels it keeps, and what compares with what."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.validate.comparisons import comparisons, contradictions, exhaustive
from harness.validate.intervals import Values, computed
from harness.validate.kept import labels, losses
from harness.validate.promql import Aggregation, Binary, Call, Part, Selector, Unparsable, normalised, parse, tree
from harness.validate.scales import mismatch
from harness.validate.values import constant, values


def _tree(expression: str) -> Part:
    found = parse(expression)
    assert isinstance(found, Part), found
    return found


@pytest.mark.parametrize(
    ("expression", "pieces"),
    [
        ("sum by (a) (rate(b[5m])) > 0.5", ["sum by (a) (rate(b[5m]))", "rate(b[5m])", "b[5m]"]),
        ("sum(b) by (b) / on (b) c", ["sum(b)", "b", "c"]),
        ('x{y="}"} and topk(5, x) # x', ['x{y="}"}', "topk(5, x)", "x"]),
        ("max_over_time((a > 5)[1h:1m] offset 5m)", ["max_over_time((a > 5)[1h:1m] offset 5m)", "a"]),
        ('{"http.requests", code="5"}', ['{"http.requests", code="5"}']),
        ("a @ start() - b offset -1d", ["a", "b"]),
    ],
)
def test_every_part_knows_where_it_stands(expression: str, pieces: list[str]) -> None:
    parts = [part for part in _tree(expression).walk() if isinstance(part, Selector | Call | Aggregation)]
    assert [expression[part.start : part.end] for part in parts] == pieces


@pytest.mark.parametrize(
    ("expression", "why", "stretch"),
    [
        ("sum(a > 5", "'(' is not closed", "("),
        ("a) > 5", "')' closes nothing", ")"),
        ("a > 5 and", "nothing follows 'and'", "and"),
        ("a = 5", "'=' is no operator of PromQL", "="),
        ("a > 5 && b > 3", "'&&' is no operator of PromQL", "&&"),
        ('a{x="b} > 5', "a string is not closed", '"b} > 5'),
        ("rate(a)", "expected type matrix in call to function 'rate', got vector", "rate"),
        ("foo(a)", "unknown function with name 'foo'", "foo"),
    ],
)
def test_what_does_not_parse_is_blamed_where_it_is_wrong(expression: str, why: str, stretch: str) -> None:
    found = parse(expression)
    assert isinstance(found, Unparsable)
    assert (found.why, expression[found.start : found.end]) == (why, stretch)


def test_an_expression_that_is_nested_a_thousand_times_is_refused_rather_than_followed() -> None:
    assert isinstance(parse("(" * 1000 + "a" + ")" * 1000), Unparsable)
    assert tree("a + " * 20_000 + "a") is None
    assert tree("a+" * 10_000 + "a") is None, "the parser itself would end the process"
    assert tree("-" * 10_000 + "a") is None
    assert tree('a{b="' + "x-" * 10_000 + '"}') is not None, "signs within a string are none"


def test_spacing_and_comments_make_no_other_expression() -> None:
    assert normalised("sum(a) by (b) > 5 # x") == normalised("sum by(b)(a)\n  > 5")
    assert normalised("sum(a) by (b) > 5") != normalised("sum(a) by (b) > 6")


INF = math.inf


@pytest.mark.parametrize(
    ("expression", "low", "high", "unit"),
    [
        ("rate(x_total[5m])", 0, INF, "1/s"),
        ("count(x)", 1, INF, "count"),
        ("count(x) or vector(0)", 0, INF, "count"),
        ("absent(x)", 1, 1, ""),
        ("up", 0, 1, ""),
        ("sum(up)", 0, INF, ""),
        ("sum(rate(x_total{c='5'}[5m])) / sum(rate(x_total[5m]))", 0, 1, "ratio"),
        ("1 - sum(rate(x_total{c='5'}[5m])) / sum(rate(x_total[5m]))", 0, 1, "ratio"),
        ("100 * sum(rate(x_total{c='5'}[5m])) / sum(rate(x_total[5m]))", 0, 100, "percent"),
        ("sum(rate(x_total{c='5'}[5m])) / sum(rate(x_total[5m])) * 100", 0, 100, "percent"),
        ("sum(rate(x_total[5m])) / sum(rate(x_total{c='5'}[5m]))", 0, INF, ""),
        ("sum by (a) (rate(x_total{c='5'}[5m])) / sum(rate(x_total[1h]))", 0, INF, ""),
        ("100 - avg(rate(node_cpu_seconds_total{mode='idle'}[5m])) * 100", 0, 100, "percent"),
        ("histogram_quantile(0.9, rate(x_seconds_bucket[5m]))", 0, INF, "s"),
        ("histogram_quantile(0.9, rate(x_seconds_bucket[5m])) * 1000", 0, INF, "ms"),
        ("rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m])", 0, INF, "s"),
        ("node_filesystem_avail_bytes / node_filesystem_size_bytes", 0, INF, "ratio"),
        ("up > bool 0", 0, 1, ""),
        ("clamp_max(x_total, 5)", 0, 5, "count"),
        ("day_of_week()", 0, 6, ""),
        ("deriv(x[5m])", -INF, INF, ""),
        ("x - y", -INF, INF, ""),
        ("unknown_thing", -INF, INF, ""),
    ],
)
def test_what_an_expression_can_be_follows_from_what_it_is(expression: str, low: float, high: float, unit: str) -> None:
    found = values(_tree(expression))
    assert (found.low, found.high, found.unit) == (low, high, unit)


@pytest.mark.parametrize(
    ("expression", "number"), [("14.4 * 0.001", 0.0144), ("2 ^ 10", 1024), ("-(3 - 5)", 2), ("1h", 3600)]
)
def test_constants_are_reckoned_out(expression: str, number: float) -> None:
    assert constant(_tree(expression)) == pytest.approx(number)


_NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.sampled_from("+-*"), _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS, st.floats(0, 1), st.floats(0, 1))
def test_an_interval_holds_every_result_of_what_it_was_made_of(
    op: str, a: float, b: float, c: float, d: float, s: float, t: float
) -> None:
    left, right = Values(min(a, b), max(a, b)), Values(min(c, d), max(c, d))
    x, y = left.low + s * (left.high - left.low), right.low + t * (right.high - right.low)
    result = {"+": x + y, "-": x - y, "*": x * y}[op]
    found = computed(op, left, right)
    slack = 1e-6 * max(1.0, abs(result))
    assert found.low - slack <= result <= found.high + slack


@pytest.mark.parametrize(
    ("expression", "only", "lost"),
    [
        ("sum by (a, b) (x)", {"a", "b"}, ()),
        ("sum(x)", set(), ("a",)),
        ("sum without (a) (x)", None, ("a",)),
        ("topk(3, x)", None, ()),
        ("absent(x{job='y', pod=~'z'})", {"job"}, ("pod",)),
        ("sum by (a, le) (x) * on (a) group_left (team) y", {"a", "le", "team"}, ()),
        ("x * on (a) y", {"a"}, ("b",)),
        ("histogram_quantile(0.9, sum by (a, le) (x))", {"a"}, ("le",)),
        ("label_replace(sum by (a) (x), 'b', '$1', 'a', '(.*)')", {"a", "b"}, ()),
        ("sum by (a) (x) or sum by (b) (y)", {"a", "b"}, ("c",)),
        ("sum by (a) (x) > 5 and on () y", {"a"}, ("b",)),
        ("count_values('v', x)", {"v"}, ()),
        ("5 > sum by (a) (x)", {"a"}, ()),
    ],
)
def test_labels_are_kept_and_lost_as_prometheus_does(expression: str, only: set[str] | None, lost: tuple[str, ...]) -> None:
    found = labels(_tree(expression), {})
    assert found.only == only
    assert not any(found.may_have(label) for label in lost)


@pytest.mark.parametrize(
    ("expression", "label"),
    [
        ("sum by (a) (x) / sum by (a, b) (y)", "b"),
        ("sum by (a) (x) / on (b) y", "b"),
        ("max by (b) (sum by (a) (x))", "b"),
        ("label_replace(sum by (a) (x), 'c', '$1', 'b', '(.*)')", "b"),
        ("x * on (a) group_left (b) sum by (a) (y)", "b"),
    ],
)
def test_a_label_that_is_asked_for_in_vain_is_found(expression: str, label: str) -> None:
    assert {loss.label for loss in losses(_tree(expression), {})} == {label}


@pytest.mark.parametrize(
    "expression",
    [
        "sum by (a) (x) / ignoring (b) group_right sum by (a, b) (y)",
        "sum by (a) (x) / on (a) group_left () max by (a) (y)",
        "sum by (a) (x) and sum by (a) (y)",
        "sum by (a) (x) or sum by (b) (y)",
        "max by (a, team) (sum by (a) (x) * on (a) group_left (team) y)",
        "sum by (a) (x) / scalar(sum(y))",
        "sum by (a) (x) / 2",
    ],
)
def test_no_label_is_missed_where_matching_says_so(expression: str) -> None:
    assert list(losses(_tree(expression), {})) == []


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("5 < a", [(">", 5.0, "alert")]),
        ("a > 5 and b < 3", [(">", 5.0, "alert"), ("<", 3.0, "and")]),
        ("a > 5 or 3 >= b", [(">", 5.0, "alert"), ("<=", 3.0, "alert")]),
        ("a > 5 unless b > 3", [(">", 5.0, "alert"), (">", 3.0, "guard")]),
        ("count(a > 5) > 2", [(">", 2.0, "alert"), (">", 5.0, "guard")]),
        ("sum(a > bool 5) > 2", [(">", 2.0, "alert"), (">", 5.0, "value")]),
        ("0.9 < a < 1", [("<", 1.0, "alert"), (">", 0.9, "alert")]),
        ("a > b", []),
        ("a > (14.4 * 0.001)", [(">", 0.0144, "alert")]),
    ],
)
def test_comparisons_are_found_with_their_part_in_the_alert(expression: str, found: list[tuple[str, float, str]]) -> None:
    assert [(one.op, pytest.approx(one.limit), one.role) for one in comparisons(expression)] == found


@given(
    st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["<", "<=", ">", ">="]), st.integers(-5, 5), st.integers(-5, 5)
)
def test_two_limits_exclude_each_other_exactly_if_no_number_fulfils_both(one: str, other: str, a: int, b: int) -> None:
    holds = {"<": lambda x, y: x < y, "<=": lambda x, y: x <= y, ">": lambda x, y: x > y, ">=": lambda x, y: x >= y}
    tries = [n / 4 for n in range(-40, 41)]
    both = any(holds[one](x, a) and holds[other](x, b) for x in tries)
    either = all(holds[one](x, a) or holds[other](x, b) for x in tries)
    assert bool(contradictions(f"x {one} {a} and x {other} {b}")) != both
    assert bool(exhaustive(f"x {one} {a} or x {other} {b}")) == either


def test_a_limit_in_percent_is_told_from_a_share() -> None:
    wrong = comparisons("max(pg_notification_queue_usage) > 70")[0]
    right = comparisons("max(pg_notification_queue_usage) > 0.7")[0]
    found = mismatch(wrong)
    assert found is not None
    assert (found.meant, found.sure) == (0.7, True)
    assert mismatch(right) is None


def test_a_chain_of_operators_is_followed_without_end() -> None:
    root = tree(" + ".join(f"a{n}" for n in range(140)))
    assert isinstance(root, Binary)
    assert values(root).high == INF


_WORDS = [
    "sum",
    "by",
    "(",
    ")",
    "a",
    "b{c='d'}",
    "[5m]",
    "rate",
    ">",
    "<",
    "and",
    "on",
    "5",
    "/",
    "-",
    ",",
    "{",
    "}",
    "'",
    "#",
    "\n",
]


@given(st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join))
def test_whatever_is_written_is_parsed_or_refused_with_a_stretch_to_blame(expression: str) -> None:
    found = parse(expression)
    if isinstance(found, Unparsable):
        assert 0 <= found.start <= found.end <= max(len(expression), 1)
        return
    for part in found.walk():
        assert 0 <= part.start <= part.end <= len(expression)
    values(found)
    labels(found, {})
    list(losses(found, {}))
    comparisons(expression)
