"""Which findings an ignore comment silences."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from harness.validate.selection import Selection
from harness.validate.suppression import ignores
from harness.validate.text import TextFile
from tests.validate.artefacts import SCALER

SETTINGS = Settings(today=date(2026, 9, 1))
COMMENT = "# rehearse: ignore SC004 because the limit is raised by hand"


def told(tmp_path: Path, text: str, name: str = "a.yaml") -> list[str]:
    (tmp_path / name).write_text(text)
    outcome = validate(read([tmp_path]), SETTINGS, Selection(select=("SC004", "IN")))
    return [finding.rule for finding in outcome.findings]


def spans(name: str, text: str) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in ignores([TextFile(Path(name), text)])]


@pytest.mark.parametrize(
    "text",
    [
        SCALER.replace('"8"', f'"8"  {COMMENT}'),
        SCALER.replace("        desired", f"        {COMMENT}\n        desired"),
        SCALER.replace("    - type", f"    {COMMENT}\n    - type"),
        SCALER.replace("  triggers", f"  {COMMENT}\n  triggers"),
        SCALER.replace("spec:", f"{COMMENT}\nspec:"),
        f"{COMMENT}\n{SCALER}",
        f"---\n{COMMENT}\n# and more\n\n{SCALER}",
        SCALER.replace('"8"', f'"8"  {COMMENT.replace("SC004", "cron-above-max")}'),
        SCALER.replace('"8"', f'"8"  {COMMENT.replace("because", "weil")}'),
        SCALER.replace('"8"', f'"8"  {COMMENT.upper().replace("CRON", "cron")}'),
    ],
)  # fmt: skip
def test_a_comment_silences_its_line_the_next_or_the_object_it_stands_above(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        SCALER.replace("        end:", f"        {COMMENT}\n        end:"),
        SCALER.replace("metadata:\n  name", f"{COMMENT}\nmetadata:\n  name"),
        f"{COMMENT}\nkind: ConfigMap\napiVersion: v1\nmetadata: {{name: x}}\n---\n{SCALER}",
        SCALER.replace('    - type', f'    {COMMENT}\n    - type: cpu\n    - type'),
    ],
)  # fmt: skip
def test_a_comment_silences_nothing_past_what_it_stands_above(tmp_path: Path, text: str) -> None:
    assert sorted(told(tmp_path, text)) == ["IN004", "SC004"]


def test_a_comment_without_a_reason_silences_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, SCALER.replace('"8"', '"8" # rehearse: ignore SC004')) == ["SC004", "IN002"]
    assert told(tmp_path, SCALER.replace('"8"', '"8" # rehearse: ignore SC004 because')) == ["SC004", "IN002"]


def test_several_rules_share_a_comment(tmp_path: Path) -> None:
    assert told(tmp_path, SCALER.replace('"8"', '"8" # rehearse: ignore SC004, IN001 because so')) == []


def test_a_rule_that_did_not_run_leaves_its_comment_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SCALER.replace('"8"', f'"5"  {COMMENT}'))
    assert validate(read([tmp_path]), SETTINGS, Selection(ignore=("SC",))).findings == ()


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.sql", "-- rehearse: ignore SQ001 because x\nselect 1\n;\nselect 2;\n", [(1, 3)]),
        ("a.sql", "-- rehearse: ignore SQ001 because x\nDO $$ begin\n a;\nend $$;\nselect 2;\n", [(1, 4)]),
        ("a.sql", "select 1; -- rehearse: ignore SQ001 because x\n", [(1, 1)]),
        ("a.md", "<!-- rehearse: ignore RB001 because x -->\n\nOne\ntwo.\n\nThree.\n", [(1, 4)]),
        ("a.md", "<!-- rehearse: ignore RB001 because x -->\n```sh\na\n\nb\n```\nThree.\n", [(1, 6)]),
        ("a.md", "Text <!-- rehearse: ignore RB001 because x --> more\n", [(1, 1)]),
        ("a.md", "`<!-- rehearse: ignore RB001 because x -->`\n\n```yaml\n# rehearse: ignore RB001 because x\n```\n", []),
        ("a.md", "```yaml expect\n# rehearse: ignore RB001 because x\nid: a\n```\n", [(2, 3)]),
    ],
)
def test_sql_covers_a_statement_and_markdown_a_block(name: str, text: str, wanted: list[tuple[int, int]]) -> None:
    assert spans(name, text) == wanted
