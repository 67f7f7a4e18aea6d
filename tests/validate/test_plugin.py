"""`pytest --rehearse-validate PATH`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.validate.artefacts import SCALER
from tests.validate.examples import ROOT


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:locust",
            "-p",
            "no:cacheprovider",
            "-p",
            "harness.validate.plugin",
            *arguments,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    (tmp_path / ".rehearse.yaml").write_text("select: [SC004]\n")
    (tmp_path / "a.yaml").write_text(SCALER)
    return tmp_path


def test_each_finding_is_an_item_that_fails_beside_the_tests(folder: Path) -> None:
    code, out = run(folder, "--rehearse-validate", ".")
    assert code == 1
    assert "1 failed, 1 passed" in out
    assert '15 |         desiredReplicas: "8"' in out
    assert "SC004 a.yaml:15:26" in out


def test_clean_files_are_an_item_that_passes(folder: Path) -> None:
    (folder / "a.yaml").write_text(SCALER.replace('"8"', '"5"'))
    assert run(folder, "--rehearse-validate", ".", "-q")[0] == 0
    assert "2 passed" in run(folder, "--rehearse-validate", ".")[1]


def test_a_finding_below_fail_on_is_skipped_with_its_sentence(folder: Path) -> None:
    (folder / ".rehearse.yaml").write_text("select: [SC004]\nseverity: {SC004: info}\n")
    code, out = run(folder, "--rehearse-validate", ".", "-rs")
    assert code == 0
    assert "1 passed, 1 skipped" in out
    assert "This window wants 8 pods" in out


def test_without_the_option_nothing_is_read_and_a_wrong_path_is_a_usage_error(folder: Path) -> None:
    assert "1 passed" in run(folder)[1]
    code, out = run(folder, "--rehearse-validate", "nowhere")
    assert code == 4
    assert "There is no file or folder nowhere" in out
