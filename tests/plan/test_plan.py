"""A rehearsal becomes one timeline on which everything has its second, and every mistake its sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.plan.model import Plan
from harness.plan.reading import read_plan
from harness.plan.rehearsal import Ramp, parse_instant, parse_ramp
from tests.plan.conftest import Desk


def test_phases_faults_and_the_window_stand_on_one_axis(desk: Desk) -> None:
    assert desk.plan().moments == {
        "start": 0,
        "load:1x": 0,
        "phase:morning": 0,
        "phase-end:morning": 30,
        "phase:quiet": 30,
        "window-opens": 30,
        "phase-end:quiet": 90,
        "phase:rise": 90,
        "load:4x": 120,
        "phase-end:rise": 120,
        "phase:peak": 120,
        "fault:kill": 130,
        "window-closes": 150,
        "fault-end:kill": 160,
        "phase-end:peak": 180,
        "end": 180,
    }


def test_load_is_the_profiles_for_the_season_and_plain_factors_by_territory(desk: Desk) -> None:
    rates = {phase.name: phase.rates for phase in desk.plan().phases}

    assert rates["morning"] == {"DE": (10, 10), "AT": (5, 5)}
    assert rates["quiet"] == {"DE": (0, 0), "AT": (0, 0)}
    assert rates["rise"] == {"DE": (10, 40), "AT": (5, 10)}, "AT has a peak of its own, 2x"
    assert rates["peak"] == {"DE": (40, 40), "AT": (10, 10)}, "a territory that is left out keeps its load"


def test_deadlines_are_scaled_and_what_cannot_be_scaled_is_added(desk: Desk) -> None:
    scaled, *_ = desk.plan().expectations

    deadline = scaled.deadlines["within"]
    assert (deadline.original, deadline.scaled, deadline.unscaled, deadline.deadline) == (600, 50, 20, 70)
    assert deadline.unscaled_because == "pod start"


def test_the_lapse_of_the_command_line_overrides_the_files(desk: Desk) -> None:
    plan = desk.plan(lapse=1)

    assert plan.lapse == 1
    assert plan.constants == []
    assert plan.expectations[0].deadlines["within"].scaled == 600


def test_the_section_of_the_runbook_is_taken_with_the_sections_below(desk: Desk) -> None:
    assert [one.id for one in desk.plan().expectations] == ["scaled", "fast", "alert"]


@pytest.mark.parametrize(
    ("more", "ids"),
    [
        ("expect: [fast]", ["fast"]),
        ("expect: [fast]\nalso: [alert]", ["fast", "alert"]),
        ("expect: []\nalso: [alert, scaled]", ["scaled", "alert"]),
    ],
)
def test_a_rehearsal_can_take_fewer_promises_and_others(desk: Desk, more: str, ids: list[str]) -> None:
    desk.edit("rehearsals/herbst.yaml", "season: herbst", f"season: herbst\n{more}")

    assert [one.id for one in desk.plan().expectations] == ids


def test_the_plan_can_be_kept_as_json_and_read_again(desk: Desk) -> None:
    plan = desk.plan()

    assert Plan.model_validate_json(plan.model_dump_json(by_alias=True)) == plan


def test_every_constant_that_lapse_changes_is_listed(desk: Desk) -> None:
    listed = {(one.owner, one.name): (one.original, one.scaled) for one in desk.plan().constants}

    assert listed["HPA", "sync period"] == (15, 1.25)
    assert listed["rule group app", "AppDown for"] == (60, 5)
    assert listed["rule group app", "AppDown range"] == (60, 5)


def test_the_charts_autoscalers_are_listed_where_it_can_be_rendered(desk: Desk) -> None:
    desk.write("chart/Chart.yaml", "name: app\n")
    desk.edit("rehearsals/herbst.yaml", "namespace: app,", "namespace: app, chart: ../chart, values: {polling: 30},")
    path = Path("rehearsals/herbst.yaml")

    def render(chart: Path, namespace: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        spec = {"pollingInterval": values["polling"]}
        return [{"kind": "ScaledObject", "metadata": {"name": chart.name, "namespace": namespace}, "spec": spec}]

    def refuse(chart: Path, namespace: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        raise BadInput("The chart does not render.")

    listed = {(one.owner, one.name): (one.original, one.scaled) for one in read_plan(path, render=render).constants}
    assert listed["ScaledObject chart", "pollingInterval"] == (30, 2)
    with pytest.raises(BadInput, match=r"does not render\. \(rehearsals/herbst.yaml:6\)"):
        read_plan(path, render=refuse)


def test_a_workload_that_the_chart_does_not_make_is_named(desk: Desk) -> None:
    desk.write("chart/Chart.yaml", "name: app\n")
    desk.edit("rehearsals/herbst.yaml", "namespace: app,", "namespace: app, chart: ../chart,")
    names = ["app-queries-de", "app-queries-at", "app-commands-de", "app-outbxo"]

    def render(chart: Path, namespace: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"kind": "Deployment", "metadata": {"name": name}} for name in names]

    with pytest.raises(BadInput) as caught:
        read_plan(Path("rehearsals/herbst.yaml"), render=render)

    assert [str(problem) for problem in caught.value.problems] == [
        "The chart makes no Deployment 'app-commands-at'; did you mean 'app-commands-de'? (rehearsals/herbst.yaml:5)",
        "The chart makes no Deployment 'app-outbox'; did you mean 'app-outbxo'? (rehearsals/herbst.yaml:6)",
    ]


def test_ranges_follow_the_scrape_interval_of_the_rehearsal_file(desk: Desk) -> None:
    desk.edit("rehearsals/herbst.yaml", "lapse: 12", "lapse: 12\ncontrols: {scrape_interval: 30s}")

    listed = {one.name: (one.scaled, one.why) for one in desk.plan().constants}

    assert listed["AppDown range"] == (10, "not below 4 scrape intervals")


def test_only_some_territories_can_be_rehearsed(desk: Desk) -> None:
    desk.edit("rehearsals/herbst.yaml", "lapse: 12", "lapse: 12\nterritories: [DE]")

    assert {name for phase in desk.plan().phases for name in phase.rates} == {"DE"}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("lapse: 12", "laps: 12", "Unknown key 'laps'; did you mean 'lapse'? (rehearsals/herbst.yaml:4)"),
        (
            "for: 30s, load: 1x}",
            "for: 30, load: 1x}",
            "'phases.0.for': expected a duration such as 90s or 5m, got '30' (rehearsals/herbst.yaml:10)",
        ),
        ("load: 0x", "load: 0", "expected a load such as 1x, 4x or 1x..4x, got '0' (rehearsals/herbst.yaml:11)"),
        ("closes: phase:quiet+2m", "closes: phase:quiet+90s", "The window would last 90s; cron has a grain of a minute"),
        (
            "opens: phase:quiet,",
            "opens: phase:quite,",
            "There is no 'phase:quite'; did you mean 'phase:quiet'? (rehearsals/herbst.yaml:8)",
        ),
        (
            "closes: phase:quiet+2m",
            "closes: phase:quiet+5m",
            "'phase:quiet+5m' is 330s after the start, the rehearsal ends at 180s",
        ),
        ("at: phase:peak+10s", "at: soon", "expected an offset such as 90s, or a moment such as phase:peak"),
        (
            "timeout: 30s",
            "timeout: 60s",
            "The fault 'kill' may last until 190s, after the end at 180s (rehearsals/herbst.yaml:18)",
        ),
        (
            "count: 2",
            "cuont: 2",
            "../chaos/kill.yaml has no configuration 'cuont'; did you mean 'count'? (rehearsals/herbst.yaml:19)",
        ),
        (
            "chaos/kill.yaml",
            "chaos/kil.yaml",
            "../chaos/kil.yaml (looked at DESK/chaos/kil.yaml); check the path (rehearsals/herbst.yaml:16)",
        ),
        ("rules/*.yaml", "rules/*.yml", "There is no file ../rules/*.yml"),
        (
            "page.md#herbst",
            "page.md#herbts",
            "has no heading with the anchor '#herbts'; did you mean '#herbst'? (rehearsals/herbst.yaml:2)",
        ),
        ("page.md#herbst", "pag.md#herbst", "There is no file runbooks/pag.md; check the path (rehearsals/herbst.yaml:2)"),
        (
            "profiles/herbst.yaml",
            "profiles/h.yaml",
            "There is no file profiles/h.yaml; check the path (rehearsals/herbst.yaml:5)",
        ),
        ("season: herbst", "season: winter", "The profile is of the season 'herbst', the rehearsal of 'winter'"),
        (
            "season: herbst",
            "season: herbst\nexpect: [fats]",
            "has no expectation 'fats'; did you mean 'fast'? (rehearsals/herbst.yaml:4)",
        ),
        (
            "season: herbst",
            "season: herbst\nterritories: [DE, FR]",
            "The profile has no territory 'FR'; there are DE, AT (rehearsals/herbst.yaml:4)",
        ),
        (
            "load: {DE: 4x}",
            "load: {DEE: 4x}",
            "There is no territory 'DEE' in this rehearsal; did you mean 'DE'? (rehearsals/herbst.yaml:13)",
        ),
        ("{name: quiet, ", "{name: morning, ", "there are two phases named 'morning'"),
        (
            "pipeline: 3s",
            "pipeline: 3s, alerts: [AppDwon]",
            "The rules have no alert 'AppDwon'; did you mean 'AppDown'? (rehearsals/herbst.yaml:7)",
        ),
        (
            "namespace: app,",
            "namespace: app, chart: ../charts,",
            "There is no Helm chart at ../charts (no Chart.yaml in it); check the path",
        ),
        ("season: herbst", "season: herbst\nexpect: []", "promises nothing, so this rehearsal could not fail"),
    ],
)
def test_a_mistake_in_the_rehearsal_is_one_sentence_with_its_line(desk: Desk, before: str, after: str, says: str) -> None:
    desk.edit("rehearsals/herbst.yaml", before, after)

    assert any(says in problem for problem in desk.problems()), desk.problems()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            "app-queries-de",
            "app-querys-de",
            "There is no workload 'app-querys-de'; did you mean 'app-queries-de'? (runbooks/page.md:6)",
        ),
        ("alert: AppDown", "alert: AppDwon", "There is no alert 'AppDwon'; did you mean 'AppDown'? (runbooks/page.md:20)"),
        ("fault:kill", "fault:kll", "There is no moment 'fault:kll'; did you mean 'fault:kill'? (runbooks/page.md:20)"),
        ("load:4x", "load:5x", "There is no moment 'load:5x'"),
    ],
)
def test_a_promise_about_something_that_does_not_exist_is_refused(desk: Desk, before: str, after: str, says: str) -> None:
    desk.edit("runbooks/page.md", before, after)

    assert any(says in problem for problem in desk.problems()), desk.problems()


def test_mistakes_in_all_files_are_said_at_once(desk: Desk) -> None:
    desk.edit("rehearsals/herbst.yaml", "chaos/kill.yaml", "chaos/kil.yaml")
    desk.edit("runbooks/page.md", "within: 10m", "within: ten")
    desk.edit("profiles/herbst.yaml", "peak: 4", "peek: 4")

    text = "\n".join(desk.problems())

    for part in ("kil.yaml", "'within'", "Unknown key 'peek'"):
        assert part in text


def test_a_broken_rule_is_named_with_its_line_before_anything_starts(desk: Desk) -> None:
    desk.write("rules/app.yaml", "groups:\n  - name: a\n    rules:\n      - alert: AppDown\n        expr: sum(\n")

    (problem,) = desk.problems()

    assert problem.startswith("The rule 'AppDown': this is no valid PromQL")
    assert problem.endswith("app.yaml:5)")


@pytest.mark.parametrize(
    ("text", "ramp"), [("4x", Ramp(4, 4)), ("1x..4x", Ramp(1, 4)), ("4x to 1.5x", Ramp(4, 1.5)), ("0x", Ramp(0, 0))]
)
def test_loads_are_factors_or_ramps(text: str, ramp: Ramp) -> None:
    assert parse_ramp(text) == ramp


@pytest.mark.parametrize("value", ["4", 4, "x", "1x..", "..4x", "-1x", "4 x x", None, ""])
def test_anything_else_is_no_load(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a load"):
        parse_ramp(value)


@given(st.sampled_from(["start", "phase:a-b", "phase-end:peak"]), st.integers(0, 100_000))
def test_an_instant_is_read_back_as_it_was_written(moment: str, seconds: int) -> None:
    written = parse_instant(f"{moment}+{seconds}s" if seconds else moment)

    assert (written.moment, written.offset) == (moment, timedelta(seconds=seconds))
    assert parse_instant(str(written)) == written
