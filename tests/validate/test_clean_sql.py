"""SQL in the styles of public repositories, and our own, gives no error and no warning of the SQL family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from harness.validate.finding import Severity
from harness.validate.selection import Selection
from tests.validate.postgresql import shared_postgresql

ROOT = Path(__file__).parents[2]
SETS = [*sorted((Path(__file__).parent / "clean_sql").iterdir()), ROOT / "crm" / "sql"]
SETTINGS = Settings(today=date(2026, 9, 1))


@pytest.fixture(scope="module", autouse=True)
def _postgresql() -> Iterator[None]:
    with shared_postgresql():
        yield


@pytest.mark.parametrize("database", [True, False], ids=["applied", "parsed"])
@pytest.mark.parametrize("folder", [pytest.param(path, id=path.name) for path in SETS])
def test_clean_sql_gives_no_warning(folder: Path, database: bool) -> None:
    outcome = validate(read([folder]), replace(SETTINGS, database=database), Selection())
    told = [one for one in outcome.findings if one.rule.startswith(("SQ", "IN006")) and one.severity > Severity.INFO]
    assert told == [], "\n".join(f"{one.rule} {one.place}: {one.defect.says}" for one in told)


def test_all_of_them_together_give_no_warning() -> None:
    outcome = validate(read([SETS[0].parent]), SETTINGS)
    told = [one for one in outcome.findings if one.rule.startswith("SQ") and one.severity > Severity.INFO]
    assert told == [], "\n".join(f"{one.rule} {one.place}: {one.defect.says}" for one in told)
