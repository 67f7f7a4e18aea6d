"""The walk from a wiki runbook to a checked one comes out as its page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.walkthrough import PAGE, Block, Quote, blocks, walk


def test_every_output_that_the_page_quotes_comes_out(tmp_path: Path) -> None:
    quotes = list(walk(tmp_path.resolve()))

    assert [f"{PAGE.name}:{one.block.first + 1}: exit {one.code}\n{one.output}" for one in quotes if not one.holds()] == []
    assert len(quotes) == sum(block.info.split(" ")[0] == "text" for block in blocks()) > 5


@pytest.mark.parametrize(
    ("info", "text", "code", "output", "right"),
    [
        ("text", "1 error in 3 files by 90 rules (0.1 s)\n", 0, "1 error in 3 files by 120 rules (2.5 s)\n", True),
        ("text", "1 error in 3 files by 90 rules (0.1 s)\n", 0, "2 errors in 3 files by 90 rules (0.1 s)\n", False),
        ("text", "Nothing found by 9 rules, 8 known (0.3 s)\n", 0, "Nothing found by 8 rules, 8 known (1.3 s)\n", True),
        ("text", "Nothing found by 9 rules, 8 known (0.3 s)\n", 0, "Nothing found by 9 rules, 7 known (0.3 s)\n", False),
        ("text exit=1", "x\n", 1, "x\n", True),
        ("text exit=1", "x\n", 0, "x\n", False),
        ("text", "x\n", 1, "x\n", False),
    ],
)
def test_a_quote_that_is_no_longer_true_is_found(info: str, text: str, code: int, output: str, right: bool) -> None:
    assert Quote(Block(info, text, 0, 2), code, output).holds() is right
