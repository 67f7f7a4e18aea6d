"""The schemas that are shipped: which versions, and that they are what the pinned sources say."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from harness.errors import Unavailable
from harness.validate.engine import read
from harness.validate.schema import SCHEMAS, Trouble, problems, versions
from harness.validate.schemas.extract import main
from harness.validate.schemas.extract import versions as pinned
from harness.validate.triggers import scaler_settings


def test_the_schemas_are_of_the_pinned_versions() -> None:
    assert versions() == pinned() == json.loads((SCHEMAS / "scalers.json").read_text())["versions"]


def test_the_schemas_are_what_the_pinned_sources_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.validate.schemas.extract.HERE", tmp_path)
    monkeypatch.setenv("GOPROXY", "off")
    try:
        main()
    except (Unavailable, subprocess.CalledProcessError):
        pytest.skip("the pinned modules are not in Go's cache; `make parts` brings them there")
    for name in ("manifests.json", "scalers.json"):
        assert (tmp_path / name).read_text() == (SCHEMAS / name).read_text(), f"{name} is stale: run `make schemas`"


def test_every_scaler_of_keda_is_known() -> None:
    assert {"cron", "prometheus", "cpu", "memory", "kafka", "rabbitmq", "postgresql", "redis-streams"} <= set(
        scaler_settings()
    )
    assert {name for name, one in scaler_settings()["prometheus"].items() if one.needed} == {
        "serverAddress",
        "query",
        "threshold",
    }


def test_an_error_deep_in_a_list_is_pointed_at(tmp_path: Path) -> None:
    file = tmp_path / "hpa.yaml"
    file.write_text(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: shop}\nspec:\n  maxReplicas: 3\n"
        "  scaleTargetRef: {kind: Deployment, name: shop}\n  behavior:\n    scaleUp:\n      policies:\n"
        "        - {type: Pods, value: 4, periodSeconds: 15}\n        - {type: Pods, value: four, periodSeconds: 15}\n"
    )
    [(_, [problem])] = problems(read([file]))
    assert (problem.trouble, problem.place.line, problem.place.column) == (Trouble.VALUE, 11, 31)
    assert problem.says == (
        '`spec.behavior.scaleUp.policies[1].value` has to be a whole number, not "four" (text in quotes)'
    )
