"""Every rule has a page, and every example on it is found, or not found, as the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from harness.validate.registry import rules
from harness.validate.selection import Selection
from tests.validate.examples import PAGES, ROOT, Example, examples
from tests.validate.postgresql import shared_postgresql

_TESTED = re.compile(r"^Not shown as an example: .* The test is `(\S+)`\.$", re.MULTILINE)
SETTINGS = Settings(today=date(2026, 9, 1))
"""A fixed day: examples speak of seasons and reviews."""
ASKS_POSTGRESQL = {"SQ002", "SQ003", "SQ005"}
"""Rules that apply SQL to a throw-away PostgreSQL, which takes a second; the others are tested without."""


@pytest.fixture(scope="module", autouse=True)
def _postgresql() -> Iterator[None]:
    with shared_postgresql():
        yield


@pytest.mark.parametrize("example", [pytest.param(example, id=example.id) for example in examples()])
def test_an_example_gives_exactly_what_its_page_marks(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    example.write(tmp_path)
    settings = replace(SETTINGS, database=example.rule in ASKS_POSTGRESQL)
    # Rules about ignore comments need the others to run; of the others each is looked at alone.
    selection = Selection() if example.rule.startswith("IN") else Selection(select=(example.rule,))
    outcome = validate(read([Path()]), settings, selection)
    findings = [one for one in outcome.findings if one.rule == example.rule]
    found = {(one.place.path.as_posix(), one.place.line) for one in findings}
    assert found == example.expected(), "\n".join(f"{one.place}: {one.defect.says}" for one in findings)
    assert example.good != bool(example.expected()), "a bad example marks at least one line, a good one none"


def test_every_rule_has_a_page_with_bad_and_good_and_every_page_a_rule() -> None:
    shown = examples()
    kinds = {rule.id: {example.good for example in shown if example.rule == rule.id} for rule in rules()}
    without = {id_ for id_, found in kinds.items() if found != {True, False}}
    tested = {id_ for id_ in without if (named := _TESTED.search((PAGES / f"{id_}.md").read_text(encoding="utf-8")))
              and (ROOT / named[1]).is_file()}  # fmt: skip
    assert without - tested == set()
    assert {page.stem for page in PAGES.glob("[A-Z]*.md")} == set(kinds)


def test_rules_are_told_apart_by_name_too() -> None:
    names = [rule.name for rule in rules()]
    assert len(names) == len(set(names))
