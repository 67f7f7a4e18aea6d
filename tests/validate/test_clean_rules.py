"""Rule files in the styles of public repositories: nothing in them is wrong, so nothing is to be found."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from harness.validate.finding import Severity

FILES = sorted((Path(__file__).parent / "clean_rules").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_clean_rule_file_gives_no_warning(path: Path) -> None:
    outcome = validate(read([path]), Settings(today=date(2026, 9, 1)))
    assert outcome.estate.found.rules, "the file was read"
    assert [f"{one.rule} {one.place}: {one.defect.says}" for one in outcome.findings if one.severity > Severity.INFO] == []


def test_there_are_enough_of_them_and_all_together_give_no_warning_either() -> None:
    outcome = validate(read(FILES), Settings(today=date(2026, 9, 1)))
    assert len(FILES) >= 8
    assert [f"{one.rule} {one.place}: {one.defect.says}" for one in outcome.findings if one.severity > Severity.INFO] == []
