"""Headings, anchors, tables and blocks of a page, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.runbook.page import last_sentence, read_page

PAGE = Path("page.md")


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("CrmNotifyQueueFilling", "crmnotifyqueuefilling"),
        ("Über die Straße (neu)", "über-die-straße-neu"),
        ("What is pre-scaled (Vorskalierung)", "what-is-pre-scaled-vorskalierung"),
        ("`rehearse plan` & more", "rehearse-plan--more"),
        ("Read [the *page*](x.md)", "read-the-page"),
        ("a_b – c", "a_b--c"),
    ],
)
def test_anchors_are_those_that_github_makes(heading: str, anchor: str) -> None:
    assert read_page(f"# {heading}\n", PAGE).headings[0].anchor == anchor


def test_equal_headings_get_numbers() -> None:
    page = read_page("# Steps\n## Steps\n# Steps\n", PAGE)

    assert [heading.anchor for heading in page.headings] == ["steps", "steps-1", "steps-2"]


def test_a_section_ends_at_the_next_heading_of_its_level() -> None:
    page = read_page("# Top\n## A\n### B\n## C\n", PAGE)

    assert page.within("a") == {"a", "b"}
    assert page.within("top") == {"top", "a", "b", "c"}
    assert page.within("d") == frozenset()


def test_a_block_knows_its_lines_its_heading_and_the_sentence_above() -> None:
    text = "# A\n\n## B\n\nFirst this. Within *5 minutes*\nall is `well`.\n\n```yaml expect\nid: x\n```\n"

    (block,) = read_page(text, PAGE).blocks

    assert (block.first_line, block.sentence, block.heading.anchor) == (9, "Within 5 minutes all is well.", "b")
    assert block.text == "id: x\n"


def test_a_block_in_a_list_item_and_two_blocks_under_one_sentence_are_found() -> None:
    text = "# A\n\n- It holds.\n\n  ```yaml expect\n  id: x\n  ```\n\n  ```yaml expect\n  id: y\n  ```\n"

    page = read_page(text, PAGE)

    assert [(block.text, block.first_line, block.sentence) for block in page.blocks] == [
        ("id: x\n", 6, "It holds."),
        ("id: y\n", 10, "It holds."),
    ]
    assert page.problems == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", "Two."),
        ("See e.g. KEDA there.", "See e.g. KEDA there."),
        ("Vom 1. September an. Bis zum 15. Oktober gilt das.", "Bis zum 15. Oktober gilt das."),
        ("Really? Yes:", "Yes:"),
    ],
)
def test_the_last_sentence_is_cut_where_a_person_would(text: str, expected: str) -> None:
    assert last_sentence(text) == expected


@pytest.mark.parametrize(
    "info", ["yaml expects", "yml expect", "yaml Expect", "yaml expectation", "expect", "yaml {expect}"]
)
def test_a_block_that_nearly_says_expect_is_a_problem_not_a_silent_nothing(info: str) -> None:
    page = read_page(f"# A\n\nIt holds.\n\n```{info}\nid: x\n```\n", PAGE)

    assert page.blocks == ()
    assert [str(problem) for problem in page.problems] == [
        f"'{info}' is not read as expectations; write the info string `yaml expect` (page.md:5)"
    ]


@pytest.mark.parametrize("info", ["yaml", "bash", "", "text"])
def test_other_blocks_are_nobodys_business(info: str) -> None:
    assert read_page(f"# A\n\n```{info}\nid: x\n```\n", PAGE).problems == ()


def test_a_block_without_a_sentence_and_one_without_an_end_are_problems() -> None:
    page = read_page("# A\n\n```yaml expect\nid: x\n```\n\nIt holds.\n\n```yaml expect\nid: y\n", PAGE)

    assert [(problem.position.line if problem.position else 0) for problem in page.problems] == [3, 9]


def test_tables_are_read_with_their_lines() -> None:
    (table,) = read_page("# A\n\n| T | pods |\n|---|---|\n| DE | 6 |\n| AT | **3** |\n", PAGE).tables

    assert (table.header, table.rows, table.row_lines) == (("T", "pods"), (("DE", "6"), ("AT", "3")), (5, 6))
