"""No false alarms: clean artefact sets, as they lie in public repositories, give neither error nor warning.

Silence must not be blindness: expected.yaml says of each set what is read from it at least.
"""

from __future__ import annotations

from collections import Counter
from contextlib import chdir
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.validate.engine import Outcome, read, validate
from harness.validate.estate import Settings
from harness.validate.finding import Severity

SETS = Path(__file__).parent / "precision"
SETTINGS = Settings(today=date(2026, 9, 1))
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((SETS / "expected.yaml").read_text(encoding="utf-8"))
NAMES = sorted(path.name for path in SETS.iterdir() if path.is_dir())


@cache
def outcome(name: str) -> Outcome:
    """As somebody types `rehearse validate .` in the set's folder: the names of folders above it tell nothing."""
    with chdir(SETS / name):
        return validate(read([Path()]), SETTINGS)


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_set_gives_no_error_and_no_warning(name: str) -> None:
    loud = [one for one in outcome(name).findings if one.severity >= Severity.WARNING]

    assert not loud, "\n".join(f"{one.place}: {one.rule}: {one.defect.says}" for one in loud)


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_set_is_read(name: str) -> None:
    estate = outcome(name).estate
    found = estate.found
    counts = {
        **Counter(thing.kind for thing in found.things),
        **Counter(type(promise).__name__ for promise in estate.promises),
        "alerts": len(estate.alerts),
        "records": len(found.rules) - len(estate.alerts),
        "pages": len(found.pages),
        "runbooks": len(estate.runbooks),
        "sql": len(found.sql),
        "skipped": len(found.skipped),
        "rehearsals": len(found.rehearsals),
    }
    wanted = EXPECTED[name]
    least = {key: value for key, value in wanted.items() if isinstance(value, int)}
    told = [promise.understood() for promise in estate.promises]

    assert {key: counts.get(key, 0) for key in least if counts.get(key, 0) < least[key]} == {}, f"at least {least}"
    assert [words for words in wanted.get("understood", ()) if not any(words in one for one in told)] == [], told
    assert {key for key in wanted.get("none", ()) if counts.get(key, 0)} == set()


def test_there_are_many_sets_and_each_says_what_is_in_it() -> None:
    assert len(NAMES) >= 20
    assert sorted(EXPECTED) == NAMES
