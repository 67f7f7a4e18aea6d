"""How long an alert takes to reach people: for, evaluation, and the group_wait of the route it takes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from harness.validate.delivery import Delivery, delivery
from harness.validate.engine import read
from harness.validate.estate import Settings

SETTINGS = Settings(today=date(2026, 9, 1))
RULES = """
groups:
  - name: shop
    interval: 15s
    rules:
      - alert: ShopErrors
        expr: rate(shop_errors_total[5m]) > 5
        for: 2m
        labels: {team: shop, severity: critical}
"""
RECEIVERS = "receivers: [{name: a}, {name: b}]\n"


def _delivery(folder: Path, alertmanager: str = "", rules: str = RULES, extra: str = "") -> Delivery:
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    if alertmanager:
        (folder / "alertmanager.yaml").write_text(alertmanager + RECEIVERS, encoding="utf-8")
    if extra:
        (folder / "prometheus.yaml").write_text(extra, encoding="utf-8")
    estate = read([folder])
    return delivery(estate.alerts[0], estate, SETTINGS)


def test_without_a_configuration_alertmanagers_default_is_added(tmp_path: Path) -> None:
    found = _delivery(tmp_path)
    assert found.total == timedelta(seconds=120 + 15 + 30)
    assert found.sum() == "120 s (for) + 15 s (evaluation) + 30 s (group_wait) = 165 s"


@pytest.mark.parametrize(
    ("routes", "seconds"),
    [
        ("", 60),
        ('  routes: [{matchers: [team = "shop"], receiver: b, group_wait: 5s}]\n', 5),
        ('  routes: [{matchers: [team != "shop"], receiver: b, group_wait: 5s}]\n', 60),
        ('  routes: [{matchers: ["team =~ sh.*"], receiver: b}]\n', 60),
        ("  routes: [{match: {team: shop}, receiver: b, group_wait: 5s}]\n", 5),
        ("  routes: [{match_re: {alertname: Other.*}, receiver: b, group_wait: 5s}]\n", 60),
        ("  routes: [{match: {severity: critical}, group_wait: 90s}, {match: {team: shop}, group_wait: 5s}]\n", 90),
        (
            "  routes: [{match: {severity: critical}, group_wait: 90s, continue: true}, "
            "{match: {team: shop}, group_wait: 5s}]\n",
            5,
        ),
        ("  routes: [{match: {territory: DE}, receiver: b, group_wait: 5s}]\n", 5),
    ],
)
def test_group_wait_is_that_of_the_route_the_alert_takes(tmp_path: Path, routes: str, seconds: int) -> None:
    found = _delivery(tmp_path, f"route:\n  receiver: a\n  group_wait: 60s\n{routes}")
    assert found.group_wait == timedelta(seconds=seconds)


def test_the_evaluation_interval_comes_from_the_group_then_prometheus_then_the_settings(tmp_path: Path) -> None:
    bare = RULES.replace("    interval: 15s\n", "")
    assert _delivery(tmp_path, rules=bare).evaluation == timedelta(seconds=SETTINGS.evaluation_seconds)
    configured = "global: {evaluation_interval: 20s}\nrule_files: [rules.yaml]\n"
    assert _delivery(tmp_path, rules=bare, extra=configured).evaluation == timedelta(seconds=20)
    assert _delivery(tmp_path, extra=configured).evaluation == timedelta(seconds=15)
