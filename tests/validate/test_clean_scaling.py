"""Manifests in the styles that public repositories use: no rule about scaling has an error or a warning for them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from harness.validate.finding import Severity

HERE = Path(__file__).parent
FOLDERS = sorted(path for path in (HERE / "clean_scaling").iterdir() if path.is_dir())
RUNBOOKS = HERE.parents[1] / "runbooks"
TODAY = Settings(today=date(2026, 9, 1))


def alarms(*paths: Path) -> list[str]:
    findings = validate(read(paths), TODAY).findings
    return [
        f"{one.rule} {one.place}: {one.defect.says}"
        for one in findings
        if one.rule.startswith("SC") and one.severity > Severity.INFO
    ]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_clean_manifests_give_no_warning(folder: Path) -> None:
    assert alarms(folder) == []


def test_there_are_enough_of_them_and_all_together_give_no_warning_either() -> None:
    assert len(FOLDERS) >= 10
    assert alarms(HERE / "clean_scaling") == []


def test_the_rendered_chart_keeps_what_the_runbook_promises() -> None:
    assert alarms(HERE / "clean_scaling" / "crm", RUNBOOKS) == []


def test_the_same_chart_with_slow_policies_does_not(tmp_path: Path) -> None:
    rendered = (HERE / "clean_scaling" / "crm" / "rendered.yaml").read_text()
    slow = "scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 600}]}\n        scaleDown:"
    (tmp_path / "crm.yaml").write_text(rendered.replace("scaleDown:", slow))
    assert {alarm.split()[0] for alarm in alarms(tmp_path, RUNBOOKS)} == {"SC015"}
