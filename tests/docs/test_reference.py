"""docs/reference is what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs.reference.__main__ import FOLDER, pages, stale
from docs.reference.commands import commands
from docs.reference.exits import MEANINGS, exit_page
from harness.errors import Exit
from tests.docs.pages import ROOT

RULES = ROOT / "docs" / "rules" / "index.md"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_page_of_the_reference_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run: make docs"


def test_every_page_of_the_reference_is_made_from_the_code() -> None:
    assert {path for path in FOLDER.rglob("*") if path.suffix in (".md", ".json")} | {RULES} == set(pages())


def test_a_stale_page_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MEANINGS, Exit.PASS, "Something else.")

    assert [path.name for path in stale()] == ["exit-codes.md"]


def test_an_exit_code_without_a_meaning_is_found() -> None:
    with pytest.raises(KeyError):
        exit_page({Exit.PASS: "Good."})


def test_every_command_and_option_stands_in_the_reference_with_a_text() -> None:
    text = (FOLDER / "cli.md").read_text(encoding="utf-8")

    for name, command in commands().items():
        assert f"\n## rehearse {name}\n" in text
        assert command.help, name
        assert [one.name for one in command.params if not one.help] == [], name


def test_the_check_says_which_pages_are_stale_and_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.reference", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")
