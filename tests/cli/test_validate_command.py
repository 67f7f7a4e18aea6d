"""`rehearse validate` and `rehearse explain` as people type them: exit codes, and what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.validate.artefacts import SCALER

ROOT = Path(__file__).parents[2]


def rehearse(folder: Path, *arguments: str, given: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scaler.yaml").write_text(SCALER)
    return tmp_path


def test_a_finding_ends_with_one_and_is_shown_with_both_places(folder: Path) -> None:
    code, out, err = rehearse(folder, "validate", ".", "--select", "SC004")
    assert (code, err) == (1, "")
    assert "error[SC004]: This window wants 8 pods, but crm never gets more than 6\n  --> scaler.yaml:15:26" in out
    assert '15 |         desiredReplicas: "8"\n   |                          ^^^\n  ::: scaler.yaml:8:20' in out
    assert " 8 |   maxReplicaCount: 6\n   |                    - the limit\n   = help: Raise" in out
    assert "1 error in 1 file by 1 rule (" in out


def test_clean_files_end_with_zero_and_a_severity_below_fail_on_too(folder: Path) -> None:
    assert rehearse(folder, "validate", ".", "--ignore", "SC,CA")[0] == 0
    (folder / ".rehearse.yaml").write_text("severity: {SC004: warning}\n")
    assert rehearse(folder, "validate", ".", "--select", "SC004")[0] == 0
    assert rehearse(folder, "validate", ".", "--select", "SC004", "--fail-on", "warning")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "error: There is no file or folder nowhere; check the path.\n"),
        (
            [".", "--select", "cron-above-maxx"],
            "error: There is no rule or family 'cron-above-maxx'; did you mean 'cron-above-max'?\n",
        ),
        ([".", "--format", "xml"], "error: There is no format 'xml'; there are "),
        ([".", "--fail-on", "eror"], "error: There is no severity 'eror'; did you mean 'error'?\n"),
        ([".", "--baseline", "none.json"], "error: There is no file none.json; check the path.\n"),
    ],
)
def test_what_cannot_be_used_ends_with_two_and_one_sentence(folder: Path, arguments: list[str], says: str) -> None:
    code, out, err = rehearse(folder, "validate", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(says)


def test_an_unknown_key_of_the_configuration_ends_with_two_and_its_line(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.rehearse.validate]\nfail-onn = "warning"\n')
    code, _, err = rehearse(folder, "validate", ".")
    assert (code, err) == (2, "error: Unknown key 'fail-onn'; did you mean 'fail-on'? (pyproject.toml:5)\n")
    (folder / ".rehearse.yaml").write_text("exclude: [a]\nholidays: [Bavaria]\n")
    code, _, err = rehearse(folder, "validate", ".")
    assert (code, err) == (
        2,
        "error: 'holidays': expected a region such as DE-BY or AT, got 'Bavaria' (.rehearse.yaml:2)\n",
    )


def test_standard_input_is_read_beside_files(folder: Path) -> None:
    code, out, _ = rehearse(folder, "validate", "-", "--select", "SC004", given=SCALER)
    assert code == 1
    assert "--> <stdin>:15:26" in out


def test_json_is_one_document(folder: Path) -> None:
    code, out, err = rehearse(folder, "validate", ".", "--format", "json", "--select", "SC004")
    told = json.loads(out)
    assert (code, err, told["version"], told["summary"]["errors"]) == (1, "", 1, 1)
    assert told["findings"][0]["place"] == {"path": "scaler.yaml", "line": 15, "column": 26, "end_column": 29}


def test_explain_shows_the_page_and_lists_every_rule() -> None:
    code, out, _ = rehearse(ROOT, "explain", "sc004")
    assert code == 0
    assert out.startswith("# SC004: cron-above-max\n")
    assert "SC004  error    A cron trigger wants more pods than maxReplicaCount.\n" in rehearse(ROOT, "explain")[1]
    assert rehearse(ROOT, "explain", "SC0004")[0] == 2


def test_help_has_examples_and_imports_nothing_heavy() -> None:
    code, out, _ = rehearse(ROOT, "validate", "--help")
    assert code == 0
    assert "rehearse validate . --changed-since" in out
    script = (
        "import sys, harness.cli.main as m; m._gather(); import harness.cli.validate;"
        "print(sorted({'yaml','pydantic','promql_parser','markdown_it','locust','kubernetes','httpx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
