"""Real mistakes are found: each case breaks a clean set as a team would, by one change, and names the rule and the line.

Every case is tried on the set as test_precision.py knows it to be clean, so what is found is due to the change.
"""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from tests.validate.test_precision import SETS

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "defects" / "cases.yaml").read_text(encoding="utf-8"))


def found(folder: Path, database: bool) -> set[tuple[str, str, int]]:
    """Rule, file and line of every finding."""
    settings = Settings(today=date(2026, 9, 1), database=database)
    findings = validate(read([Path()]), settings).findings
    return {(one.rule, one.place.path.as_posix(), one.place.line) for one in findings}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case['rule']} {case['set'][:2]} {case['says']}") for case in CASES]
)
def test_a_defect_is_found_at_its_line(case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "set"
    shutil.copytree(SETS / case["set"], folder)
    monkeypatch.chdir(folder)
    file = folder / case["file"]
    clean = file.read_text(encoding="utf-8")
    path, _, line = case["at"].rpartition(":")
    wanted = (case["rule"], path, int(line))
    database = case.get("database", False)
    assert case["old"] in clean
    before = found(folder, database)

    file.write_text(clean.replace(case["old"], case["new"], 1), encoding="utf-8")

    after = found(folder, database)
    assert wanted in after, f"found instead: {sorted(after - before)}"
    assert wanted not in before


def test_the_cases_break_many_sets_in_many_ways() -> None:
    families = Counter(case["rule"][:2] for case in CASES)

    assert len(CASES) >= 60
    assert len({case["set"] for case in CASES}) >= 15
    assert len({case["rule"] for case in CASES}) >= 30
    assert {"AL", "SC", "CA", "SQ", "RB"} <= set(families)
