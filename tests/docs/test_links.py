"""Every link of every page leads somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, broken_links, pages


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_anchor_of_a_page_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_the_pages_that_people_begin_with_are_among_them() -> None:
    names = {str(path.relative_to(ROOT)) for path in pages()}

    assert names >= {
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/tutorial.md",
        "runbooks/seasonal.md",
        "crm/README.md",
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](there.md)", 0),
        ("[a](there.md#a-heading)", 0),
        ("[a](#own)\n\n## Own", 0),
        ("[a](https://example.org/x)", 0),
        ("[a](nowhere.md)", 1),
        ("[a](there.md#no-heading)", 1),
        ("| a |\n|---|\n| [b](nowhere.md) |", 1),
        ("![a](nowhere.png)", 1),
        ('<picture>\n<source srcset="nowhere.png">\n</picture>', 1),
        ("[a](#not-own)", 1),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, text: str, found: int) -> None:
    (tmp_path / "there.md").write_text("# A heading\n")
    page = tmp_path / "page.md"
    page.write_text(f"{text}\n")

    assert len(broken_links(page)) == found
