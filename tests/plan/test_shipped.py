"""What is shipped can be planned, keeps within its time, and its schemas are those of the models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.expectations.registry import kinds
from harness.plan.reading import read_plan
from harness.plan.schema import as_text, rehearsal_schema
from harness.runbook.page import read_page
from harness.runbook.schema import runbook_schema

ROOT = Path(__file__).resolve().parents[2]
MINUTE = 60
STAGING_SECONDS = 60
"""What staging may take on two cores, and at the same time the longest wait for a full minute of the clock."""


def rehearse(*args: str, columns: int = 160) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *args],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(columns), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("name", "minutes"), [("oktoberfest", 8), ("smoke", 3)])
def test_a_shipped_rehearsal_keeps_within_its_time(name: str, minutes: int) -> None:
    plan = read_plan(ROOT / "rehearsals" / f"{name}.yaml")
    waiting = STAGING_SECONDS if name == "oktoberfest" else STAGING_SECONDS / 3

    assert plan.duration + waiting + MINUTE <= minutes * MINUTE


@pytest.mark.parametrize("name", ["oktoberfest", "smoke"])
def test_every_deadline_of_a_shipped_rehearsal_ends_within_it(name: str) -> None:
    plan = read_plan(ROOT / "rehearsals" / f"{name}.yaml")

    for one in plan.expectations:
        for field, deadline in one.deadlines.items():
            after = one.spec.get("resolves_after") if field == "resolves_within" else one.since
            if one.kind in ("scale", "recover") or field in ("fires_within", "received_within"):
                assert plan.moments[str(after)] + deadline.deadline <= plan.duration, f"{one.id} {field}"


def test_the_oktoberfest_rehearsal_checks_all_of_its_section_and_the_queue_alert() -> None:
    plan = read_plan(ROOT / "rehearsals/oktoberfest.yaml")

    assert {one.kind for one in plan.expectations} >= {
        "scale",
        "prewarm",
        "latency",
        "errors",
        "alert",
        "quiet",
        "events",
        "recover",
    }
    assert 110 <= max(sum(first for first, _ in phase.rates.values()) for phase in plan.phases) <= 150


def test_load_comes_to_bavaria_first_and_not_before_the_pods() -> None:
    plan = read_plan(ROOT / "rehearsals/oktoberfest.yaml")
    rates = {phase.name: phase.rates for phase in plan.phases}

    assert all(sum(pair) == 0 for pair in rates["pre-scale"].values())
    assert rates["bavaria"]["DE"] == (rates["morning"]["DE"][0], rates["peak"]["DE"][0]), "DE climbs to its peak"
    assert rates["bavaria"]["AT"] == rates["morning"]["AT"]


@pytest.mark.parametrize("name", ["oktoberfest", "smoke"])
def test_the_plan_is_printed_with_wanted_and_scaled_deadlines_and_touches_nothing(name: str) -> None:
    before = sorted(ROOT.glob("*"))

    done = rehearse("plan", f"rehearsals/{name}.yaml")

    assert done.returncode == 0, done.stderr
    for part in ("window-opens", "fault:kill-pods", "within: 10m ->", "pod start", "CrmNotifyQueueFilling for", "HPA"):
        assert part in done.stdout
    assert sorted(ROOT.glob("*")) == before


def test_the_plan_as_json_is_the_plan() -> None:
    done = rehearse("plan", "rehearsals/smoke.yaml", "--json", "--lapse", "1")

    assert json.loads(done.stdout)["lapse"] == 1
    assert json.loads(done.stdout)["schema"] == "generalprobe.dev/plan/v1"


def test_a_missing_file_is_one_sentence_and_exit_2() -> None:
    done = rehearse("plan", "rehearsals/nowhere.yaml")

    assert done.returncode == 2
    assert done.stderr == "error: There is no file rehearsals/nowhere.yaml; check the path.\n"


@pytest.mark.parametrize("what", ["runbook", "rehearsal"])
def test_the_committed_schema_is_current(what: str) -> None:
    committed = (ROOT / f"docs/reference/schema/{what}.schema.json").read_text(encoding="utf-8")

    current = as_text(rehearsal_schema() if what == "rehearsal" else runbook_schema(kinds()))

    assert committed == current, f"run: rehearse schema {what} > docs/reference/schema/{what}.schema.json"
    assert rehearse("schema", what).stdout == committed


def test_every_key_of_the_schemas_has_a_description() -> None:
    bare = [
        f"{name}.{key}"
        for schema in (rehearsal_schema(), runbook_schema(kinds()))
        for name, model in [("", schema), *schema["$defs"].items()]
        for key, field in model.get("properties", {}).items()
        if not ("description" in field or key == "kind")
    ]

    assert bare == []


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return root["$defs"][reference.rpartition("/")[2]] if reference else schema


def test_each_shipped_block_has_only_keys_that_the_schema_of_its_kind_names() -> None:
    schema = runbook_schema(kinds())
    by_kind = {
        _resolve(one, schema)["properties"]["kind"]["const"]: _resolve(one, schema)
        for one in schema["$defs"]["Expectation"]["oneOf"]
    }
    path = ROOT / "runbooks/seasonal.md"
    blocks = [yaml.safe_load(block.text) for block in read_page(path.read_text(encoding="utf-8"), path).blocks]

    for expectation in [one for block in blocks for one in (block if isinstance(block, list) else [block])]:
        kind = by_kind[expectation["kind"]]
        assert set(expectation) <= set(kind["properties"]), expectation["id"]
        assert set(kind.get("required", [])) <= set(expectation), expectation["id"]
