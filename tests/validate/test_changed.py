"""Which findings a change makes its own."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.validate.session import Wishes, examine
from tests.validate.artefacts import SCALER


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], check=True, capture_output=True)


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git("init", "-q", "-b", "main", ".")
    Path("old ü.yaml").write_text(SCALER + "---\n" + SCALER.replace("name: crm", "name: other"))
    git("add", ".")
    git("commit", "-qm", "a")


def told(reference: str = "main") -> tuple[list[tuple[str, int]], int]:
    report = examine(Wishes(paths=[Path()], select=["SC004"], changed_since=reference), date(2026, 9, 1))
    return [(str(one.place.path), one.place.line) for one in report.findings], report.elsewhere


def edit(old: str, new: str) -> None:
    path = Path("old ü.yaml")
    path.write_text(path.read_text().replace(old, new, 1))


def test_nothing_changed_and_nothing_is_told() -> None:
    assert told() == ([], 2)


def test_a_touched_object_tells_its_findings_and_no_other() -> None:
    edit("maxReplicaCount: 6", "maxReplicaCount: 7")
    assert told() == ([("old ü.yaml", 15)], 1)


def test_what_was_committed_or_staged_counts_too_and_what_others_did_does_not() -> None:
    git("checkout", "-qb", "work")
    edit("start: 0 6", "start: 0 5")
    git("commit", "-qam", "b")
    assert told() == ([("old ü.yaml", 15)], 1)
    git("checkout", "-q", "main")
    Path("others.yaml").write_text(SCALER)
    git("add", ".")
    git("commit", "-qm", "c")
    git("checkout", "-q", "work")
    assert told() == ([("old ü.yaml", 15)], 1)


def test_a_deleted_line_touches_its_neighbours() -> None:
    edit("        start: 0 6 1 9 *\n", "")
    assert told() == ([("old ü.yaml", 14)], 1)


def test_a_new_file_is_touched_everywhere() -> None:
    Path("new.yaml").write_text(SCALER)
    assert told() == ([("new.yaml", 15)], 2)


@pytest.mark.parametrize(
    ("reference", "says"), [("nowhere", "git knows no commit 'nowhere'"), ("--all", "Expected a commit after")]
)
def test_a_commit_that_is_not_there_is_refused(reference: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        told(reference)
