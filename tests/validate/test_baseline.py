"""The baseline: what is known is not told, whatever line it moves to, and what is mended is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.errors import BadInput, Exit
from harness.validate.baseline import read_baseline
from harness.validate.session import Wishes, examine, run
from tests.validate.artefacts import SCALER

TODAY = date(2026, 9, 1)
BASELINE = Path("known.json")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(SCALER)
    text, code = run(Wishes(paths=[Path("a.yaml")], select=["SC004"], write_baseline=BASELINE), TODAY, False)
    assert code is Exit.PASS
    assert text == "known.json: 1 finding known from now on\n"
    return tmp_path


def told(*select: str) -> list[tuple[str, int]]:
    wishes = Wishes(paths=[Path("a.yaml")], select=select or ["SC004", "IN"], baseline=BASELINE)
    return [(one.rule, one.place.line) for one in examine(wishes, TODAY).findings]


def test_a_known_finding_is_not_told_even_when_its_line_moves() -> None:
    assert told() == []
    Path("a.yaml").write_text("# moved\n\n" + SCALER)
    assert told() == []


def test_a_second_one_like_it_is_told() -> None:
    Path("a.yaml").write_text(SCALER + "---\n" + SCALER.replace("name: crm", "name: other"))
    assert told() == [("SC004", 31)]


def test_a_mended_finding_is_told_so_that_its_entry_goes() -> None:
    Path("a.yaml").write_text(SCALER.replace('"8"', '"5"'))
    assert told() == [("IN005", 4)]


def test_nothing_is_said_of_rules_that_did_not_run() -> None:
    Path("a.yaml").write_text(SCALER.replace('"8"', '"5"'))
    assert told("IN") == []


def test_the_file_is_sorted_and_has_one_finding_per_line() -> None:
    lines = BASELINE.read_text().splitlines()
    assert lines[1] == ' "version": 1,'
    assert '"path": "a.yaml", "rule": "SC004"' in lines[3]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", r"not valid JSON.*known\.json:1"),
        ("[]", "This is no baseline"),
        ('{"version": 2, "findings": []}', "Expected version 1 of the baseline, got 2"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_in_one_sentence(text: str, says: str) -> None:
    BASELINE.write_text(text)
    with pytest.raises(BadInput, match=says):
        read_baseline(BASELINE)
