"""Kinds are found by their place, their schemas refuse what makes no sense, and unknown names are told with the nearest."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import EntryPoint
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from harness.errors import BadInput
from harness.expectations import registry
from harness.expectations.base import Expectation, Lapse, World
from harness.expectations.registry import kinds, read
from harness.expectations.scale import Scale

WORLD = World(
    workloads=frozenset({"crm-queries-de", "crm-commands-de"}),
    territories=frozenset({"DE"}),
    alerts=frozenset({"CrmErrorRateHigh"}),
    faults=frozenset({"kill-pods"}),
    moments=frozenset({"start", "end", "window-opens", "window-closes", "phase:peak", "phase-end:peak", "fault:kill-pods"}),
)
GOOD: dict[str, dict[str, Any]] = {
    "alert": {"alert": "CrmErrorRateHigh", "after": "fault:kill-pods", "fires_within": "1m", "receiver": "crm-oncall"},
    "errors": {"component": "queries", "during": "peak", "at_most": "2 %"},
    "events": {"lost": 0, "within": "1m"},
    "http": {"url": "service:crm-queries-de/q/health", "at": "end"},
    "latency": {"workloads": "crm-queries-de", "p95": "300ms"},
    "prewarm": {"workload": "crm-queries-de", "p95": "300ms"},
    "query": {"promql": "up", "compare": "==", "value": 1, "at": "end"},
    "quiet": {"except": "CrmErrorRateHigh"},
    "recover": {"after": "fault:kill-pods", "within": "1m"},
    "scale": {"workload": "crm-queries-de", "at_least": 6, "after": "window-opens", "within": "1m"},
    "sql": {"sql": "SELECT 1", "compare": "==", "value": 1, "during": ["start", "end"]},
}


def test_every_kind_is_found_and_has_a_schema_with_descriptions() -> None:
    assert list(kinds()) == sorted(GOOD)
    for kind in kinds().values():
        for name, field in kind.model_json_schema()["properties"].items():
            assert name in ("kind",) or field.get("description"), f"{kind.__name__}.{name}"


@pytest.mark.parametrize("kind", GOOD)
def test_what_a_runbook_says_reads_back_from_the_plan_and_names_nothing_unknown(kind: str) -> None:
    expectation = read({"id": "x", "kind": kind, **GOOD[kind]})
    assert read(expectation.model_dump(mode="json")) == expectation
    assert list(expectation.problems(WORLD)) == []
    assert set(expectation.moments()) <= WORLD.moments
    assert set(expectation.stretch()) <= WORLD.moments


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("scale", {"at_most": 2}, "give exactly one of 'at_least' and 'at_most'"),
        ("scale", {"at_least": 0}, "greater than or equal to 1"),
        ("scale", {"within": "5 minutes"}, "expected a duration such as 90s"),
        ("scale", {"after": "when it opens"}, "String should match pattern"),
        ("prewarm", {"times_warm": 3}, "give exactly one of 'p95' and 'times_warm'"),
        ("prewarm", {"workloads": ["a"]}, "name either 'workload' or 'workloads'"),
        ("latency", {"component": "queries"}, "name either 'component' or 'workloads'"),
        ("latency", {"p95": None}, "give at least one of 'p50'"),
        ("latency", {"during": ["start", "peak"]}, "not a mixture"),
        ("errors", {"at_most": 2}, "expected a share between 0 and 1"),
        ("alert", {"resolves_within": "1m"}, "'resolves_after' and 'resolves_within' go together"),
        ("alert", {"received_within": "30s"}, "cannot be shorter than 'fires_within'"),
        ("recover", {"after": "window-opens"}, "expected fault:ID or fault-end:ID"),
        ("query", {"during": ["start", "end"]}, "give exactly one of 'during' and 'at'"),
        ("query", {"every": "10ms"}, "would be load"),
        ("sql", {"sql": "DELETE FROM orders"}, "only reads"),
        ("http", {"url": "ftp://x"}, "String should match pattern"),
        ("events", {"lost": -1}, "greater than or equal to 0"),
        ("scale", {"allow_no_data": "why"}, "at least 10 characters"),
        ("scale", {"wihtin": "1m"}, "Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_refused(kind: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        read({"id": "x", "kind": kind, **GOOD[kind], **change})


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("scale", {"workload": "crm-querys-de"}, "There is no workload 'crm-querys-de'; did you mean 'crm-queries-de'?"),
        ("scale", {"after": "load:9x"}, "There is no moment 'load:9x'; there are"),
        ("quiet", {"except": "CrmErrorRateHihg"}, "did you mean 'CrmErrorRateHigh'?"),
        ("events", {"territories": "CH"}, "There is no territory 'CH'; there are DE."),
        ("errors", {"component": "querys"}, "did you mean 'queries'?"),
        ("errors", {"except_faults": "kill-pod"}, "There is no fault 'kill-pod'; did you mean 'kill-pods'?"),
        ("query", {"promql": "sum(up"}, "'promql' is no valid PromQL"),
        ("query", {"promql": "up" + " + up" * 20_000}, "'promql': this PromQL is too large"),
    ],
)
def test_names_that_do_not_exist_are_told_with_the_nearest(kind: str, change: dict[str, Any], said: str) -> None:
    problems = read({"id": "x", "kind": kind, **GOOD[kind], **change}).problems(WORLD)
    assert len(problems) == 1
    assert said in problems[0]


def test_deadlines_under_lapse() -> None:
    lapse = Lapse(12, pod_start=timedelta(seconds=4), pipeline=timedelta(seconds=2))
    up = read({"id": "x", "kind": "scale", **GOOD["scale"]}).durations(lapse)["within"]
    assert (up.original, up.scaled, up.unscaled, up.deadline) == (60, 5, 4, 9)
    down = {**GOOD["scale"], "at_least": None, "at_most": 2}
    assert read({"id": "x", "kind": "scale", **down}).durations(lapse)["within"].deadline == 5
    alert = read({"id": "x", "kind": "alert", **GOOD["alert"]}).durations(lapse)
    assert {name: scaled.deadline for name, scaled in alert.items()} == {"fires_within": 7, "received_within": 9.5}


class ThirdParty(Expectation):
    kind: Literal["third-party"]

    def stretch(self) -> tuple[str, str]:
        return "start", "end"

    def judge(self, case: object) -> list[Any]:
        return []


class Thief(Scale):
    kind: Literal["scale"]


def _with_entry_point(monkeypatch: pytest.MonkeyPatch, thing: Any) -> dict[str, type[Expectation]]:
    class Entry(EntryPoint):
        def load(self) -> Any:
            if isinstance(thing, Exception):
                raise thing
            return thing

    monkeypatch.setattr(registry, "entry_points", lambda group: [Entry("theirs", "their.module:Kind", group)])
    return kinds.__wrapped__()


def test_third_parties_add_kinds_by_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _with_entry_point(monkeypatch, ThirdParty)["third-party"] is ThirdParty


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (Thief, "The kind 'scale' is claimed by"),
        (str, "is no Expectation class"),
        (ImportError("no module"), "does not load: no module"),
    ],
)
def test_an_entry_point_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch, thing: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        _with_entry_point(monkeypatch, thing)


def test_an_unknown_kind_is_one_sentence() -> None:
    with pytest.raises(BadInput, match="There is no expectation kind 'sclae'; there are alert, errors"):
        read({"id": "x", "kind": "sclae"})
