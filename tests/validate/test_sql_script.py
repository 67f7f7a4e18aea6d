"""SQL files as statements with places: whatever stands in them, it is read in bounded time and told where it is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.validate.sql.masking import mask
from harness.validate.sql.order import order_of, undoes
from harness.validate.sql.routine import routine_of
from harness.validate.sql.script import Script, read_script
from harness.validate.text import TextFile


def _read(text: str, name: str = "x.sql") -> Script:
    return read_script(TextFile(Path(name), text))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("SELEC 1;", 1, 1),
        ("-- Überschrift €\nSELECT 'ü' FROM t WERE x = 1;", 2, 24),
        ("SELECT 1;\r\nSELECT 2\r\n  FROM FROM t;\r\n", 3, 8),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $x$\n  SELECT 'ä' FRM t x y\n$x$;", 2, 18),
        ("DO $$\nBEGIN\n  PERFORM 1;\n  IF x THEN\n    slect 2;\n  END IF;\nEND $$;", 5, 5),
        ("DO $$\nBEGIN\n  PERFORM foo(1;\nEND $$;", 3, 16),
        ("SELECT 1;\nSELECT $tag$ never ends", 2, 8),
        ("SELECT 1 /* never ends", 1, 10),
    ],
)
def test_a_mistake_is_told_at_its_line_and_column(text: str, line: int, column: int) -> None:
    script = _read(text)
    problems = [*script.problems]
    for statement in script.statements:
        routine = routine_of(statement)
        problems += routine.problems if routine else ()
    assert [(script.file.place(one.offset).line, script.file.place(one.offset).column) for one in problems] == [
        (line, column)
    ]


def test_what_stands_beside_a_mistake_is_still_read() -> None:
    script = _read("CREATE TABLE a (id int);\nCREATE TABEL b (id int);\nCREATE TABLE c (id int);\n")
    assert [statement.text for statement in script.statements] == ["CREATE TABLE a (id int)", "CREATE TABLE c (id int)"]
    assert [script.file.place(one.offset).line for one in script.problems] == [2]


@pytest.mark.parametrize(
    "text",
    [
        "\\set x 1\nSELECT :x, :'x', :\"x\";\n",
        "SELECT a[1:2], b::int, '12:30:00', \":no\", $$:no$$ FROM t; \\gset\n",
        "SELECT 1 \\; SELECT 2 \\g\n",
        "COPY t FROM stdin;\n'\t\"\t$$\n\\.\nSELECT 1;\n",
        "SELECT ${a.b}, '${c}', $${d}$$;\n",
    ],
)
def test_masking_keeps_every_offset(text: str) -> None:
    masked = mask(text).text
    assert len(masked) == len(text)
    assert [index for index, letter in enumerate(masked) if letter == "\n"] == [
        index for index, letter in enumerate(text) if letter == "\n"
    ]
    assert _read(text).problems == ()


def test_files_come_in_natural_order_with_repeatable_ones_last() -> None:
    names = ["R__views.sql", "V10__c.sql", "V2__b.sql", "V1_5__a2.sql", "V1__a.sql"]
    assert sorted(names, key=lambda name: order_of(Path("m") / name)) == [
        "V1__a.sql", "V1_5__a2.sql", "V2__b.sql", "V10__c.sql", "R__views.sql"
    ]  # fmt: skip
    assert sorted(["10_b.sql", "9_a.sql"], key=lambda name: order_of(Path(name))) == ["9_a.sql", "10_b.sql"]


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("1_a.down.sql", True),
        ("U2__x.sql", True),
        ("revert/x.sql", True),
        ("1_a.up.sql", False),
        ("V2__countdown.sql", False),
    ],
)
def test_files_that_take_back_are_known(path: str, back: bool) -> None:
    assert undoes(Path(path)) is back


PIECES = [
    *("SELECT", " 1", ";", "\n", "$$", "$a$", "'", '"', "(", ")", "\\i x", "\\.", "COPY t FROM stdin;\n", "--", "/*", ":x"),
    *(
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS ",
        "BEGIN",
        "END",
        "\0",
        "ü",
        "\r\n",
        "${x}",
        "{{",
        "?",
        "[",
        "E'\\'",
    ),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES)))
def test_any_text_is_read_without_an_error_of_ours(parts: list[str]) -> None:
    script = _read("".join(parts))
    for statement in script.statements:
        assert statement.at().line >= 1
        routine_of(statement)
    for problem in script.problems:
        assert script.file.place(problem.offset).line >= 1


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 100_000 + "1" + ")" * 100_000 + ";",
        "SELECT 1" + "+1" * 100_000 + ";",
        "SELECT 1" + " UNION ALL SELECT 1, 2" * 50_000 + ";",
        "SELECT 1" + "::int" * 50_000 + ";",
        "DO 'BEGIN PERFORM 1" + "+1" * 100_000 + "; END';",
        "SELECT " + "CASE WHEN true THEN " * 5_000 + "1" + " END" * 5_000 + ";",
        "$a$ " * 50_000,
        "".join(f"$a{n}$ " for n in range(50_000)),
        "SELECT :a frm x y;\n" * 10_000,
        "COPY x FROM stdin;\n" * 20_000 + "\\.\n",
        "DO $$ BEGIN " + "IF true THEN " * 5_000 + "NULL; " + "END IF; " * 5_000 + " END $$;",
        "\\x\n" * 50_000,
    ],
    ids=[
        "parentheses",
        "sum",
        "unions",
        "casts",
        "body",
        "cases",
        "dollars",
        "tags",
        "variables",
        "copies",
        "ifs",
        "commands",
    ],
)
def test_deep_and_long_texts_neither_crash_nor_hang(text: str) -> None:
    begun = time.monotonic()
    for statement in _read(text).statements:
        routine_of(statement)
    assert time.monotonic() - begun < 60
