"""docs/performance.md tells of every benchmark of the folder, also of one that failed."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

import benchmarks.__main__ as command

TABLE = '{"table": [{"figure": "speed", "target": "< 3 s", "measured": "2 s", "spread": "1 to 4 s", "met": true}]}'
LINE = "| speed | < 3 s | 2 s | 1 to 4 s | yes |"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of benchmarks of its own, and the page it writes beside it."""
    (tmp_path / "benchmarks").mkdir()
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "FOLDER", tmp_path / "benchmarks")
    monkeypatch.setattr(command, "PAGE", tmp_path / "performance.md")
    return tmp_path / "benchmarks"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
    return command.main()


def test_every_benchmark_of_the_folder_is_on_the_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "one.py").write_text(f"print('''{TABLE}''')")
    (folder / "two.py").write_text("print('{\"cpu_share\": 0.25}')")
    assert run(monkeypatch) == 0
    page = command.PAGE.read_text()
    assert page.startswith(command.MARKER)
    assert LINE in page
    assert "| cpu share |  | 0.25 |  |  |" in page
    assert "`python -m benchmarks two`" in page


def test_a_benchmark_that_fails_is_written_as_failed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "broken.py").write_text("raise SystemExit('the server did not start')")
    (folder / "one.py").write_text(f"print('''{TABLE}''')")
    assert run(monkeypatch) == 1
    page = command.PAGE.read_text()
    assert "**Failed**: ended with exit code 1 and no result: the server did not start." in page
    assert LINE in page


def test_a_benchmark_that_misses_a_target_is_shown_with_its_figures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "slow.py").write_text(f"print('''{TABLE.replace('true', 'false')}'''); raise SystemExit(1)")
    assert run(monkeypatch) == 1
    assert "| 1 to 4 s | **no** |" in command.PAGE.read_text()


def test_some_benchmarks_leave_the_page_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "one.py").write_text(f"print('''{TABLE}''')")
    (folder / "two.py").write_text("raise SystemExit('must not run')")
    assert run(monkeypatch, "one") == 0
    assert LINE in capsys.readouterr().out
    assert not command.PAGE.exists()


def test_an_unknown_name_is_told_with_those_that_there_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "one.py").write_text("")
    assert run(monkeypatch, "tow") == 2
    assert "There is no benchmark 'tow'; there are one." in capsys.readouterr().err


def test_the_page_does_not_name_the_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "broken.py").write_text("raise SystemExit(__file__)")
    run(monkeypatch)
    page = command.PAGE.read_text()
    assert platform.node() not in page
    assert str(folder) not in page
