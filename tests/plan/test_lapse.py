"""Lapse shortens what the harness owns, says what it could not, and leaves real time alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import BadInput
from harness.plan.controls import lapsed_controls, scaling_of
from harness.plan.lapse import lapsed_alertmanager, lapsed_manifests, lapsed_rules
from harness.plan.model import Constant, Controls
from harness.source import Located, parse_yaml

TWELVE = scaling_of(Controls(), 12)
ONE = scaling_of(Controls(), 1)


def located(text: str) -> Located:
    return parse_yaml(text, Path("file.yaml"))


def by_name(constants: tuple[Constant, ...]) -> dict[str, tuple[float, float]]:
    return {constant.name: (constant.original, constant.scaled) for constant in constants}


SCALED_OBJECT: dict[str, Any] = {
    "kind": "ScaledObject",
    "metadata": {"name": "crm-queries-de"},
    "spec": {
        "pollingInterval": 30,
        "cooldownPeriod": 300,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}}},
        "triggers": [
            {"type": "cron", "name": "oktoberfest", "metadata": {"start": "0 6 1 9 *"}},
            {"type": "prometheus", "name": "rate", "metadata": {"query": "sum(rate(x[1m]))", "threshold": "50"}},
        ],
    },
}


def test_a_scaled_object_polls_cools_down_and_stabilises_faster() -> None:
    result = lapsed_manifests([SCALED_OBJECT], TWELVE)

    spec = result.value[0]["spec"]
    behaviour = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert (spec["pollingInterval"], spec["cooldownPeriod"]) == (2, 25)
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] == 25
    assert spec["triggers"][1]["metadata"] == {"query": "sum(rate(x[5s]))", "threshold": "50"}
    assert spec["triggers"][0] == SCALED_OBJECT["spec"]["triggers"][0]


def test_the_autoscalers_default_policies_are_written_out_so_that_they_can_be_scaled() -> None:
    behaviour = lapsed_manifests([SCALED_OBJECT], scaling_of(Controls(), 5)).value[0]["spec"]["advanced"][
        "horizontalPodAutoscalerConfig"
    ]["behavior"]

    assert behaviour["scaleUp"]["policies"] == [
        {"type": "Percent", "value": 100, "periodSeconds": 3},
        {"type": "Pods", "value": 4, "periodSeconds": 3},
    ]
    assert behaviour["scaleDown"]["policies"] == [{"type": "Percent", "value": 100, "periodSeconds": 3}]


def test_whole_seconds_are_rounded_never_to_zero_and_it_is_said() -> None:
    result = lapsed_manifests([SCALED_OBJECT], scaling_of(Controls(), 40))

    rounded = {one.name: one for one in result.constants}
    assert rounded["pollingInterval"].scaled == 1
    assert rounded["pollingInterval"].why == "whole seconds only, 0.75s wanted"
    assert rounded["scaleUp 100 percent periodSeconds"].scaled == 1


def test_a_plain_autoscaler_and_min_ready_seconds_are_scaled_and_probes_are_not() -> None:
    hpa = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"}, "spec": {"maxReplicas": 3}}
    container = {"readinessProbe": {"periodSeconds": 10}}
    template = {"spec": {"terminationGracePeriodSeconds": 30, "containers": [container]}}
    deployment = {"kind": "Deployment", "metadata": {"name": "b"}, "spec": {"minReadySeconds": 60, "template": template}}

    changed = lapsed_manifests([hpa, deployment], TWELVE).value

    assert changed[0]["spec"]["behavior"]["scaleDown"]["policies"][0]["periodSeconds"] == 1
    assert changed[1]["spec"]["minReadySeconds"] == 5
    assert changed[1]["spec"]["template"] == template


def test_lapse_one_leaves_every_artefact_as_it_is() -> None:
    rules = located("groups: [{name: a, rules: [{alert: A, expr: 'rate(x[1m]) > 1', for: 5m}]}]")
    routes = located("route: {receiver: a}")

    assert lapsed_manifests([SCALED_OBJECT], ONE).value == [SCALED_OBJECT]
    assert lapsed_rules(rules, ONE).value == rules.value
    assert lapsed_alertmanager(routes, ONE).value == routes.value
    assert lapsed_controls(Controls(), 1).constants == ()


def test_rules_fire_faster_and_the_caller_keeps_his_own() -> None:
    text = """
groups:
  - name: crm
    interval: 30s
    rules:
      - {record: r, expr: 'sum(rate(x[5m]))'}
      - {alert: A, expr: 'rate(x[1m]) > 0.3', for: 2m, keep_firing_for: 1m, labels: {for: 5m}}
"""
    rules = located(text)

    result = lapsed_rules(rules, TWELVE)

    group = result.value["groups"][0]
    assert group["interval"] == "2s500ms"
    assert group["rules"][0]["expr"] == "sum(rate(x[25s]))"
    assert group["rules"][1] == {
        "alert": "A",
        "expr": "rate(x[5s]) > 0.3",
        "for": "10s",
        "keep_firing_for": "5s",
        "labels": {"for": "5m"},
    }
    assert rules.value == yaml.safe_load(text)
    assert by_name(result.constants)["A for"] == (120, 10)


def test_an_alert_that_waits_for_pods_gets_their_start_on_top_unscaled() -> None:
    rules = located("groups: [{name: a, rules: [{alert: A, expr: x, for: 5m}, {alert: B, expr: x, for: 5m}]}]")

    result = lapsed_rules(rules, TWELVE, {"A": 25.0})

    assert [rule["for"] for rule in result.value["groups"][0]["rules"]] == ["50s", "25s"]
    assert result.constants[0].why == "with 25s that no lapse shortens"


def test_every_broken_rule_is_named_with_its_line() -> None:
    rules = located(
        """groups:
  - name: crm
    rules:
      - alert: A
        expr: rate(x[1m]
        for: 5 minutes
      - alert: B
        expr: sum(
"""
    )

    with pytest.raises(BadInput) as caught:
        lapsed_rules(rules, TWELVE)

    assert [(problem.position.line if problem.position else 0) for problem in caught.value.problems] == [6, 5, 8]
    assert "Expected 'A for' to be a duration such as 90s or 5m, got '5 minutes'" in str(caught.value)


def test_alertmanager_waits_less_on_every_route_and_defaults_are_written_out() -> None:
    routes = located("route: {receiver: a, group_wait: 1m, routes: [{receiver: b, group_wait: 0s, repeat_interval: 12h}]}")

    result = lapsed_alertmanager(routes, TWELVE)

    assert result.value["global"] == {"resolve_timeout": "25s"}
    assert result.value["route"] == {
        "receiver": "a",
        "group_wait": "5s",
        "group_interval": "25s",
        "repeat_interval": "20m",
        "routes": [{"receiver": "b", "group_wait": "0s", "repeat_interval": "1h"}],
    }


def test_control_constants_are_divided_but_no_loop_runs_faster_than_a_tenth_of_a_second() -> None:
    fast = lapsed_controls(Controls(scrape_interval=3), 60)

    assert fast.value.scrape_interval == pytest.approx(0.1)
    assert fast.value.hpa_downscale_stabilization == 5
    assert next(one for one in fast.constants if one.name == "scrape interval").why == "no control loop keeps up with less"


def test_ranges_follow_the_scrape_interval_that_production_has() -> None:
    assert scaling_of(Controls(scrape_interval=30), 12).scrape_interval == timedelta(seconds=2.5)
