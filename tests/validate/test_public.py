"""What strangers write: shapes met in public repositories that once were false alarms, or told in the wrong place."""

from __future__ import annotations

from datetime import date
from pathlib import Path, PurePath

import pytest

from harness.validate import engine
from harness.validate.estate import Settings
from harness.validate.finding import Finding, Severity
from harness.validate.reading.templates import renders_with
from harness.validate.series import is_gauge
from harness.validate.sql.masking import mask
from harness.validate.sql.order import gap_before

SETTINGS = Settings(today=date(2026, 9, 1), database=False)


def _findings(folder: Path, files: dict[str, str]) -> list[Finding]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return engine.validate(engine.read([folder]), SETTINGS).findings


@pytest.mark.parametrize(
    ("names", "gap"),
    [
        (["001_a.sql", "002_b.sql", "003_c.sql"], None),
        (["010_a.sql", "020_b.sql", "030_c.sql"], None),
        (["V1__a.sql", "V2__b.sql", "V4__c.sql"], "V4__c.sql"),
        (["002_a.up.sql", "004_b.up.sql", "006_c.up.sql"], "004_b.up.sql"),
        (["001_a.up.sql", "003_b.down.sql", "002_b.up.sql"], None),
        (["20250101_a.sql", "20250901_b.sql"], None),
        (["V1.1__a.sql", "V1.4__b.sql"], None),
        (["schema.sql", "views.sql"], None),
    ],
)
def test_a_number_that_is_left_out_is_a_gap(names: list[str], gap: str | None) -> None:
    found = gap_before([PurePath(name) for name in names])
    assert (found.name if found else None) == gap


def test_variables_in_bodies_are_masked_only_where_no_psql_runs_the_file() -> None:
    body = "create table :S.t (id int); create function f() returns int as $$ select a[1:S2] from :S.t $$ language sql;"
    assert "from _S.t" in mask(body).text
    assert "a[1:S2]" in mask(body).text
    assert "from :S.t" in mask("\\set S shop\n" + body).text  # psql leaves dollar quotes alone: there it is a mistake.


@pytest.mark.parametrize("name", ["pg_txid_current", "pg_xlog_position_bytes", "kafka_offset_current"])
def test_places_in_a_log_are_no_gauges(name: str) -> None:
    assert not is_gauge(name)


def test_a_line_that_is_only_a_placeholder_makes_broken_yaml_a_template() -> None:
    assert renders_with("a:\n__EXTRA_MOUNTS__\n  - b\n", False)
    assert not renders_with("a:\n  __EXTRA__: 1\n", True)


@pytest.mark.parametrize(
    ("policy", "severity"),
    [("", Severity.INFO), ("CREATE POLICY p ON other USING (true);\n", Severity.WARNING)],
)
def test_rls_without_any_policy_is_noted_and_beside_policies_of_others_a_warning(
    tmp_path: Path, policy: str, severity: Severity
) -> None:
    text = (
        f"CREATE TABLE other (id int);\nCREATE TABLE jobs (id int);\n{policy}ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;\n"
    )
    assert [one.severity for one in _findings(tmp_path, {"a.sql": text}) if one.rule == "SQ020"] == [severity]


def test_of_two_sides_the_one_that_has_lost_a_label_is_pointed_at(tmp_path: Path) -> None:
    rules = """\
groups:
  - name: slo
    rules:
      - record: slo:ratio_rate5m
        expr: 1 - sum(a) / sum(b)
        labels: {area: home}
      - record: slo:ratio_rate1h
        expr: 1 - sum(a) / sum(b)
      - alert: Burns
        expr: |
          slo:ratio_rate5m > 0.1
          and
          slo:ratio_rate1h > 0.1
"""
    found = [one for one in _findings(tmp_path, {"rules.yaml": rules}) if one.rule == "AL007"]
    assert [one.place.line for one in found] == [13]


def test_an_autoscaler_is_named_where_its_target_was_written(tmp_path: Path) -> None:
    page = "# Runbook: shop\n\nAlert ShopDown:\n\n```bash\nkubectl patch hpa shop-api -p '{}'\n```\n"
    scaler = (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: shop-api-hpa}\nspec:\n"
        "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop-api}\n  maxReplicas: 10\n"
    )
    found = [one for one in _findings(tmp_path, {"runbook.md": page, "hpa.yaml": scaler}) if one.rule == "RB003"]
    assert [one.defect.mend for one in found] == ["Write shop-api-hpa"]
