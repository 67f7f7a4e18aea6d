"""Markdown is read with the place of everything in it, and anchors are those that links use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.validate.artefacts import Found, MarkdownPage
from harness.validate.reading.markdown import looks_like_markdown, read_page
from harness.validate.reading.recognise import read_all
from harness.validate.text import Place, TextFile

PAGE = """---
reviewed: 2026-03-01
---
# Bereitschaft: Überblick

Über 70 % ist *schlecht*. Siehe z. B. die [Tabelle](#a-1) und
`kubectl get pods`. ~~Früher 500 ms.~~ <!-- 900 ms --> Gut sind 300 ms.

<a id="extra"></a>

## A
## A

| Was | **Gut** | Alarm |
|---|---|---|
| `x_total` | < 2 % | 2 % |

1. Erst *schauen*. Dann handeln.
   ```bash
   kubectl get pods
   ```
2. Fertig ![Bild](bild.png) [Ref][r].

## Mit Id {#eigen .klasse}

[r]: andere.md#ziel
"""


def page(text: str = PAGE, name: str = "seite.md") -> MarkdownPage:
    return read_page(TextFile(Path(name), text))


def written(place: Place, text: str = PAGE) -> str:
    return text.splitlines()[place.line - 1][place.column - 1 : place.end_column - 1]


def test_headings_have_the_anchors_of_github_and_of_mkdocs() -> None:
    anchors = [heading.anchors for heading in page().headings]
    assert [one["github"] for one in anchors] == ["bereitschaft-überblick", "a", "a-1", "mit-id"]
    assert [one["mkdocs"] for one in anchors] == ["bereitschaft-uberblick", "a", "a_1", "eigen"]
    assert page().anchors == {"extra", "eigen"}


def test_sentences_are_split_and_stand_where_they_were_written() -> None:
    found = [one for one in page().sentences if one.where == "prose"]
    assert [one.text for one in found] == [
        "Über 70 % ist schlecht.",
        "Siehe z. B. die Tabelle und kubectl get pods.",
        "Gut sind 300 ms.",
    ]
    assert [(one.place.line, one.place.column) for one in found] == [(6, 1), (6, 27), (7, 56)]
    assert written(found[2].at(9, 15)) == "300 ms"
    assert written(found[1].at(28, 44)) == "kubectl get pods"
    assert found[1].codes == ((28, 44),)


def test_cells_know_their_row_and_header() -> None:
    cells = [one for one in page().sentences if one.where == "cell" and one.header]
    assert [one.text for one in cells] == ["x_total", "< 2 %", "2 %"]
    assert cells[2].header == ("Was", "Gut", "Alarm")
    assert cells[2].row == ("x_total", "< 2 %", "2 %")
    assert [(one.place.line, one.place.column) for one in cells] == [(16, 4), (16, 15), (16, 23)]


def test_steps_have_their_number() -> None:
    assert [(one.number, one.text) for one in page().sentences if one.where == "item"] == [
        (1, "Erst schauen."),
        (1, "Dann handeln."),
        (2, "Fertig  Ref."),
    ]


def test_fences_codes_links_and_front_matter_know_their_place() -> None:
    read = page()
    fence = read.fences[0]
    assert (fence.info, fence.content.text) == ("bash", "kubectl get pods\n")
    assert fence.content.place(0, 7) == Place(Path("seite.md"), 20, 4, 11)
    assert [(one.text, one.place.line, one.place.column) for one in read.codes] == [
        ("kubectl get pods", 7, 2),
        ("x_total", 16, 4),
    ]
    assert [(one.target, one.place.line) for one in read.links] == [("#a-1", 6), ("bild.png", 22), ("andere.md#ziel", 22)]
    assert written(read.links[0].place) == "#a-1"
    assert read.front is not None
    assert read.front.string("reviewed") == "2026-03-01"
    assert read.front.get("reviewed").place.line == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "text", "runbook"),
    [
        ("runbooks/db.md", "# Datenbank\n", True),
        ("docs/betriebshandbuch.md", "# CRM\n", True),
        ("docs/x.md", "# Rufbereitschaft CRM\n", True),
        ("docs/alerts.md", "# Alerts\n\n## QueueLagHigh\n\n1. Look.\n2. Act.\n", True),
        ("docs/alerts.md", "# Alerts\n\n## KubePodCrashLooping\n\n## KubeNodeDown\n\n`kubectl get pods`\n", True),
        ("README.md", "# Library\n\n## Runbook\n\n`kubectl get pods`\n", False),
        ("CHANGELOG.md", "# Changelog\n\n- the runbook is new\n", False),
        ("docs/adr/0003-runbooks.md", "# Use runbooks\n", False),
        ("docs/api.md", "# API\n\n## GetCustomer\n\n## PostOrder\n\n## DeleteOrder\n", False),
        ("docs/guide.md", "# Guide\n\n1. Run `kubectl get pods`.\n", False),
        ("docs/types.md", "# Types\n\n## StringBuilder\n\n1. Make one.\n", False),
    ],
)
def test_a_page_is_a_runbook_when_it_reads_like_one(name: str, text: str, runbook: bool) -> None:
    assert page(text, name).runbook is runbook


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        (PAGE, True),
        ("Runbook\n=======\n\nWhen the queue is full, call the owner of it.\n\n- first item\n", True),
        ("# a comment of mine here\nkey: value\nother: value\n", False),
        ("#!/bin/sh\n# do something with all of it\n", False),
        ("# syntax comment\nFROM scratch\n", False),
        ("", False),
    ],
)
def test_markdown_is_recognised_by_what_it_says(text: str, markdown: bool) -> None:
    assert looks_like_markdown(text) is markdown


def test_a_runbook_without_suffix_is_read() -> None:
    found = Found()
    read_all([TextFile(Path("RUNBOOK"), PAGE)], found)
    assert len(found.pages) == 1


@given(st.text(alphabet=st.sampled_from(list("ab #*_`~|<>![](){}-=\n\r\t\x00\x0c1.&;:\\ä")), max_size=300))
def test_nothing_that_is_written_breaks_the_reader(text: str) -> None:
    read = page(text)
    for sentence in read.sentences:
        assert sentence.at(0, len(sentence.text)).line >= 1


def test_the_bodies_of_mkdocs_admonitions_and_tabs_are_read_in_their_place() -> None:
    text = (
        '!!! info "Level"\n    The p95 is good.\n\n=== "One"\n\n    ```bash\n    ls -l\n    ```\n\n'
        "    !!! note\n        Deep.\n\n"
        "Out.\n\n    code\n"
    )
    read = page(text)
    assert [(one.text, one.place.line, one.place.column) for one in read.sentences] == [
        ("The p95 is good.", 2, 5),
        ("Deep.", 11, 9),
        ("Out.", 13, 1),
    ]
    assert [(one.info, one.content.text, one.content.at(0).line, one.content.at(0).column) for one in read.fences] == [
        ("bash", "ls -l\n", 7, 5),
        ("", "code\n", 15, 5),
    ]
