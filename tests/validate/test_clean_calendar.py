"""Calendars as they lie in other people's repositories, in which nothing is wrong: nothing is said that would alarm."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from harness.validate.finding import Severity
from harness.validate.windows import windows

SETS = sorted(folder for folder in (Path(__file__).parent / "clean_calendar").iterdir() if folder.is_dir())


@pytest.mark.parametrize("today", [date(2026, 9, 1), date(2026, 12, 28), date(2027, 2, 28), date(2027, 11, 20)])
@pytest.mark.parametrize("folder", [pytest.param(folder, id=folder.name) for folder in SETS])
def test_a_clean_calendar_gives_no_warning_on_any_day_of_the_year(folder: Path, today: date) -> None:
    estate = read([folder])
    findings = [
        f"{one.place}: {one.rule} {one.severity} {one.defect.says}"
        for one in validate(estate, Settings(today=today)).findings
        if one.rule.startswith("CA") and one.severity > Severity.INFO
    ]

    assert windows(estate), "nothing was read"
    assert findings == []


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028, 2032])
@pytest.mark.parametrize("folder", [pytest.param(folder, id=folder.name) for folder in SETS])
def test_nor_in_any_calendar_year(folder: Path, year: int) -> None:
    findings = validate(read([folder]), Settings(today=date(2026, 9, 1), year=year)).findings

    assert [
        f"{one.rule} {one.defect.says}" for one in findings if one.rule[:2] == "CA" and one.severity > Severity.INFO
    ] == []
