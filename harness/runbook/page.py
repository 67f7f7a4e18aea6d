"""A Markdown page as a runbook needs it: headings with GitHub's anchors, tables, expect blocks, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

from harness.errors import Position, Problem
from harness.runbook.anchors import slug

# A full stop ends a sentence unless it belongs to an abbreviation or stands between digits (`15. October`).
_SENTENCE_END = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<!z\. B\.)(?<!\bca\.)(?<!\bd\. h\.)(?<!\d\.)(?<=[.!?])\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. `anchor`: what a link's fragment says; unique on its page."""

    level: int
    text: str
    anchor: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced `yaml expect` block. `first_line`: the line of its content's first line; `sentence`: the one above it."""

    text: str
    first_line: int
    sentence: str
    heading: Heading


@dataclass(frozen=True, slots=True)
class Table:
    """A table: texts of the header and of the rows, the line of each row, and the heading it stands under."""

    heading: Heading
    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What was found in a Markdown file, in order, with the problems of its form."""

    path: Path
    headings: tuple[Heading, ...]
    blocks: tuple[Block, ...]
    tables: tuple[Table, ...]
    problems: tuple[Problem, ...] = ()

    def heading(self, anchor: str) -> Heading | None:
        """The heading with that anchor."""
        return next((heading for heading in self.headings if heading.anchor == anchor), None)

    def within(self, anchor: str) -> frozenset[str]:
        """The anchors of a section: its own and those of all headings below it, down to the next of its level."""
        found: set[str] = set()
        level = 0
        for heading in self.headings:
            if level and heading.level <= level:
                break
            if heading.anchor == anchor:
                level = heading.level
            if level:
                found.add(heading.anchor)
        return frozenset(found)


@dataclass(slots=True)
class _Found:
    headings: list[Heading] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_page(text: str, path: Path) -> Page:
    """Parse Markdown (CommonMark with tables). Problems of form are collected in the page, nothing is raised."""
    parser = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=6, slug_func=slug)
    tokens = parser.parse(text)
    lines = text.splitlines()
    found = _Found()
    heading = Heading(0, path.stem, "", 1)
    sentence = ""
    for index, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "heading_open":
            anchor = str(token.attrGet("id"))
            heading = Heading(int(token.tag[1]), plain(tokens[index + 1]), anchor, line)
            found.headings.append(heading)
            sentence = ""
        elif token.type == "inline" and tokens[index - 1].type == "paragraph_open":
            sentence = last_sentence(plain(token))
        elif token.type == "table_open":
            found.tables.append(_table(tokens, index, heading))
            sentence = ""
        elif token.type == "fence" and _is_expect(token, path, line, found.problems):
            position = Position(path, line)
            if not _is_closed(token, lines):
                found.problems.append(Problem("This block is never closed; end it with a line of its own: ```", position))
            if not sentence:
                text_ = "There is no sentence above this block; write the one that it makes checkable"
                found.problems.append(Problem(text_, position))
            found.blocks.append(Block(token.content, line + 1, sentence, heading))
    return Page(path, tuple(found.headings), tuple(found.blocks), tuple(found.tables), tuple(found.problems))


def plain(token: Token) -> str:
    """An inline token as plain text: links and emphasis without their marks, line breaks as spaces."""
    return "".join(_texts(token.children or [])).strip()


def last_sentence(text: str) -> str:
    """The last sentence of a paragraph."""
    return _SENTENCE_END.split(text.strip())[-1]


def _texts(children: list[Token]) -> Iterator[str]:
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            yield " "
        elif child.type in ("text", "code_inline", "image"):
            yield child.content


def _is_expect(token: Token, path: Path, line: int, problems: list[Problem]) -> bool:
    """Whether a fence holds expectations. One that nearly says so is a problem: it would silently check nothing."""
    words = token.info.split()
    if words == ["yaml", "expect"]:
        return True
    if any(re.fullmatch(r"e?x?pect(s|ation|ations|ed)?|exp?ec?t", word.strip("{},.:").lower()) for word in words):
        text = f"'{token.info.strip()}' is not read as expectations; write the info string `yaml expect`"
        problems.append(Problem(text, Position(path, line)))
    return False


def _is_closed(token: Token, lines: list[str]) -> bool:
    assert token.map is not None
    first, end = token.map
    last = lines[min(end, len(lines)) - 1].strip().lstrip("> ")
    return end - first >= 2 and last.startswith(token.markup) and not last.strip(token.markup[0])


def _table(tokens: list[Token], index: int, heading: Heading) -> Table:
    rows: list[tuple[str, ...]] = []
    row_lines: list[int] = []
    cells: list[str] = []
    for token in tokens[index:]:
        if token.type == "tr_open" and token.map:
            cells, line = [], token.map[0] + 1
            row_lines.append(line)
        elif token.type == "inline":
            cells.append(plain(token))
        elif token.type == "tr_close":
            rows.append(tuple(cells))
        elif token.type == "table_close":
            break
    line = tokens[index].map[0] + 1 if tokens[index].map else 0  # type: ignore[index]
    return Table(heading, line, rows[0], tuple(rows[1:]), tuple(row_lines[1:]))
