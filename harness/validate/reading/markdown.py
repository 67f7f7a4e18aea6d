"""Markdown -> MarkdownPage: headings, sentences, tables, steps, fences, code and links, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from harness.validate.artefacts import Code, Fence, Found, Heading, Link, MarkdownPage, Sentence, Unreadable
from harness.validate.reading.admonitions import flattened
from harness.validate.reading.inline import Line, anchors_in, read_inline, sentences
from harness.validate.reading.runbookness import reads_like_a_runbook
from harness.validate.reading.slugs import Slugs, explicit_id
from harness.validate.text import TextFile
from harness.validate.yamltree import Node, documents

_LINE_END = re.compile(r"\r\n|\r|\n")


def read_markdown(text: TextFile, found: Found) -> None:
    """A Markdown text into `found.pages`."""
    try:
        page = read_page(text)
    except RecursionError:
        found.unreadable.append(Unreadable(text.at(0), "This Markdown is nested too deeply", "Flatten it"))
        return
    found.pages.append(page)


def looks_like_markdown(text: str) -> bool:
    """Whether a text of unknown name is Markdown: headings over prose, rather than comments over keys or commands."""
    front = re.match(r"---\n.*?\n---\n", text, re.DOTALL)
    lines = text[front.end() if front else 0 :][:20_000].splitlines()
    if not lines or lines[0].startswith("#!"):
        return False
    headings = sum(1 for line in lines if re.match(r"#{1,6} \S", line))
    headings += sum(1 for line in lines if re.fullmatch(r"={3,}", line))
    keys = sum(1 for line in lines if re.match(r"\s*(?:- )?[\w./-]+:(?:\s|$)|\s*[\w.]+\s*=", line))
    prose = sum(1 for line in lines if re.match(r"(?:[-*>] |\d+[.)] )?[^\W\d_][^\s:=]*(?: \S+){4,}", line))
    marks = sum(1 for line in lines if re.match(r"(?:```|\|.*\||\[.+\]\(.+\)|[-*] \S|\d+\. \S)", line))
    fenced = any(line.lstrip().startswith("```") for line in lines)
    return headings > 0 and ((prose > keys and (marks > 0 or prose > 1)) or (fenced and prose > 0))


def read_page(text: TextFile) -> MarkdownPage:
    """Parse Markdown (CommonMark, tables, strike-through, front matter)."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(front_matter_plugin)
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    reader = _Reader(text)
    reader.read(parser.parse(flattened(text.text)))
    title = next((one.text for one in reader.headings if one.level == 1), "")
    page = MarkdownPage(
        text,
        title or (reader.headings[0].text if reader.headings else text.path.stem),
        tuple(reader.headings),
        tuple(reader.sentences),
        tuple(reader.fences),
        tuple(reader.codes),
        tuple(reader.links),
        reader.front,
        anchors=frozenset(reader.anchors),
    )
    return reads_like_a_runbook(page)


@dataclass(slots=True)
class _Reader:
    file: TextFile
    headings: list[Heading] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    front: Node | None = None
    slugs: Slugs = field(default_factory=Slugs)
    above: tuple[Heading, ...] = ()
    starts: list[int] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)

    def read(self, tokens: list[Token]) -> None:
        """Every block in order; headings and tables take their inner tokens with them."""
        self.starts = [0, *(found.end() for found in _LINE_END.finditer(self.file.text)), len(self.file.text)]
        skip_to = -1
        for index, token in enumerate(tokens):
            if index <= skip_to:
                continue
            if token.type == "heading_open":
                self._heading(token, tokens[index + 1])
                skip_to = index + 1
            elif token.type == "table_open":
                skip_to = self._table(tokens, index)
            elif token.type == "inline":
                number = self.lists[-1] if self.lists else None
                self._sentences(self._inline(token), "item" if self.lists else "prose", number=number or 0)
            elif token.type in ("fence", "code_block"):
                self._fence(token)
            elif token.type == "html_block":
                self.anchors += anchors_in(token.content)
            elif token.type == "front_matter":
                self._front(token)
            else:
                self._list(token)

    def _list(self, token: Token) -> None:
        """Keep count of the lists around: the number of the current item, None in a list without numbers."""
        if token.type == "ordered_list_open":
            self.lists.append(int(token.attrGet("start") or 1) - 1)
        elif token.type == "bullet_list_open":
            self.lists.append(None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            self.lists.pop()
        elif token.type == "list_item_open" and (last := self.lists[-1]) is not None:
            self.lists[-1] = last + 1

    def _offset(self, row: int) -> int:
        return self.starts[min(row, len(self.starts) - 1)]

    def _inline(self, token: Token, start: int | None = None) -> Line:
        first, last = token.map or (0, 0)
        since = self._offset(first) if start is None else start
        line = read_inline(token, self.file, since, self._offset(last))
        self.links += line.links
        self.anchors += line.anchors
        return line

    def _heading(self, token: Token, inline: Token) -> None:
        line = self._inline(inline)
        text, explicit = explicit_id(line.text)
        anchors = self.slugs.next(line.text if not explicit else text, explicit)
        if explicit:
            self.anchors.append(explicit)
        level = int(token.tag[1])
        heading = Heading(level, text.strip(), anchors, line.place(0, max(len(text), 1)))
        self.headings.append(heading)
        self.above = (*(one for one in self.above if one.level < level), heading)
        line.text = text
        self._sentences(line, "heading")

    def _table(self, tokens: list[Token], index: int) -> int:
        """Read a table's cells; gives the index of its last token."""
        header: tuple[str, ...] = ()
        cells: list[Line] = []
        cursor = 0
        for at in range(index, len(tokens)):
            token = tokens[at]
            if token.type == "tr_open":
                cells, cursor = [], self._offset(token.map[0]) if token.map else cursor
            elif token.type == "inline":
                line = self._inline(token, cursor)
                cursor = max(line.end, cursor)
                # The next cell begins after the next bar, or its text might be found in this cell's rest.
                bar = self.file.text.find("|", cursor)
                cursor = bar if bar >= 0 else cursor
                cells.append(line)
            elif token.type == "tr_close":
                row = tuple(cell.text.strip() for cell in cells)
                for column, cell in enumerate(cells):
                    self._sentences(cell, "cell", header=header, row=row, column=column)
                header = header or row
            elif token.type == "table_close":
                return at
        return len(tokens) - 1

    def _sentences(
        self,
        line: Line,
        where: str,
        *,
        header: tuple[str, ...] = (),
        row: tuple[str, ...] = (),
        column: int = 0,
        number: int = 0,
    ) -> None:
        whole = where in ("cell", "heading")
        stretches = [(0, len(line.text))] if whole and line.text.strip() else list(sentences(line)) if not whole else []
        for start, end in stretches:
            text = line.text[start:end]
            runs = tuple((max(plain - start, 0), source + max(start - plain, 0)) for plain, source in line.runs)
            first = next((at for at, run in enumerate(line.runs[1:]) if run[0] > start), max(len(line.runs) - 1, 0))
            codes = tuple((first_ - start, last - start) for first_, last in line.codes if start <= first_ < end)
            place = line.place(start, end)
            self.sentences.append(
                Sentence(text, place, self.above, where, header, row, column, number, self.file, runs[first:], codes)
            )
            self.codes += (
                Code(text[one:two], line.place(start + one, start + two), self.above, text) for one, two in codes
            )

    def _fence(self, token: Token) -> None:
        first, last = token.map or (0, 1)
        row = first + (1 if token.type == "fence" else 0)
        text = token.content
        written = self.file.text[self._offset(row) : self._offset(row + 1)] if row < last else ""
        content = text.split("\n", 1)[0]
        indent = max(written.find(content), 0) if content.strip() else len(written) - len(written.lstrip())
        at = self.file.place(min(self._offset(row), max(len(self.file.text) - 1, 0))).line - self.file.first_line
        opening = self._offset(first)
        place = self.file.place(opening, self._offset(first + 1))
        self.fences.append(Fence(token.info.strip(), self.file.block(text, at, indent), place, self.above))

    def _front(self, token: Token) -> None:
        row = (token.map or (0, 0))[0] + 1
        try:
            self.front = next(documents(self.file.block(token.content, row, 0)), None)
        except (yaml.YAMLError, RecursionError):
            self.front = None
