"""`query`, `sql` and `http`: samples taken for the expectation alone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from harness.expectations.base import Result
from harness.expectations.registry import read
from tests.records import ARecord, a_record, the

DURING = ["phase:peak", "phase-end:peak"]
QUERY = {
    "id": "lag",
    "kind": "query",
    "promql": "outbox_dispatch_lag_seconds",
    "compare": "<",
    "value": 5,
    "during": DURING,
}
EVERY_SECOND = {float(second): 1.0 for second in range(20, 81)}


def result_of(spec: dict[str, Any], values: dict[float, float], run: Path) -> Result:
    return the(a_record().promising(**spec).with_samples(spec["id"], values).judged(run), spec["id"]).result


@pytest.mark.parametrize(
    ("more", "values", "result"),
    [
        ({}, EVERY_SECOND, Result.PASS),
        ({}, {**EVERY_SECOND, 50: 9}, Result.FAIL),
        ({}, {**EVERY_SECOND, 90: 9}, Result.PASS),
        ({"take": "min"}, {**EVERY_SECOND, 50: 9}, Result.PASS),
        ({"take": "max"}, {**EVERY_SECOND, 50: 9}, Result.FAIL),
        ({"take": "last"}, {**EVERY_SECOND, 50: 9}, Result.PASS),
        ({"take": "last"}, {**EVERY_SECOND, 80: 9}, Result.FAIL),
        ({}, {**EVERY_SECOND, 50: math.nan}, Result.NO_DATA),
        ({}, {}, Result.NO_DATA),
        ({}, {20: 1, 80: 1}, Result.NO_DATA),
        ({"compare": "==", "value": 1}, EVERY_SECOND, Result.PASS),
        ({"compare": "!=", "value": 1}, EVERY_SECOND, Result.FAIL),
        ({"compare": ">="}, EVERY_SECOND, Result.FAIL),
        ({"during": None, "at": "window-closes"}, {91: 1, 92: 9}, Result.PASS),
        ({"during": None, "at": "window-closes"}, {89: 1, 91: 9}, Result.FAIL),
        ({"during": None, "at": "window-closes"}, {89: 1, 99: 1}, Result.NO_DATA),
    ],
)
def test_a_query_compares_what_was_sampled(
    tmp_path: Path, more: dict[str, Any], values: dict[float, float], result: Result
) -> None:
    assert result_of({**QUERY, **more}, values, tmp_path) is result


def test_every_series_must_hold(tmp_path: Path) -> None:
    record = a_record().promising(**QUERY).with_samples("lag", EVERY_SECOND, territory="DE")
    record.with_samples("lag", {50.0: 7.0}, territory="CH")
    assert the(record.judged(tmp_path), "lag").result is Result.FAIL


@pytest.mark.parametrize(
    ("more", "values", "result"),
    [
        ({}, dict.fromkeys(EVERY_SECOND, 200.0), Result.PASS),
        ({}, {**dict.fromkeys(EVERY_SECOND, 200.0), 50: 0}, Result.FAIL),
        ({"at_least": "95 %"}, {**dict.fromkeys(EVERY_SECOND, 200.0), 50: 503}, Result.PASS),
        ({"at_least": "95 %"}, {**dict.fromkeys(EVERY_SECOND, 200.0), 50: 0, 51: 0, 52: 0, 53: 0}, Result.FAIL),
        ({}, {}, Result.NO_DATA),
    ],
)
def test_http_counts_answers(tmp_path: Path, more: dict[str, Any], values: dict[float, float], result: Result) -> None:
    spec = {"id": "door", "kind": "http", "url": "service:crm-queries-de/customers/ids", "during": DURING, **more}
    assert result_of(spec, values, tmp_path) is result


def test_sql_is_judged_like_a_query(tmp_path: Path) -> None:
    spec = {"id": "waiting", "kind": "sql", "sql": "SELECT 1;", "compare": "<=", "value": 1, "during": DURING}
    assert result_of(spec, EVERY_SECOND, tmp_path / "good") is Result.PASS
    assert result_of(spec, {**EVERY_SECOND, 33: 2}, tmp_path / "bad") is Result.FAIL


def test_what_is_to_be_sampled_is_named_after_the_expectation() -> None:
    (sampling,) = read({**QUERY, "every": "2s"}).samples()
    assert (sampling.name, sampling.how, sampling.text, sampling.every) == ("lag", "promql", QUERY["promql"], 2.0)


def test_prometheus_that_was_away_is_no_data(tmp_path: Path) -> None:
    record: ARecord = a_record().promising(**QUERY).with_samples("lag", EVERY_SECOND).without("prometheus", 30, 50)
    assert the(record.judged(tmp_path), "lag").result is Result.NO_DATA
