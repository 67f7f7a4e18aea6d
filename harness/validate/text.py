"""Text with its place: files as people wrote them, and stretches of them that findings point at."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

RENDERED = " (rendered)"
"""Ends the path of a text that helm made: its lines are not those of the template."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line of a file. `line` and `column` count from 1; `end_column` is the first column after it."""

    path: Path
    line: int
    column: int = 1
    end_column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def on_disk(self) -> Place:
        """The place in a file that is there: the first line of the template for what helm made of it."""
        if not self.path.name.endswith(RENDERED):
            return self
        return Place(self.path.with_name(self.path.name.removesuffix(RENDERED)), 1)


@dataclass(frozen=True, eq=False)
class TextFile:
    """A file's text, or the text of a block within a file (`first_line`, `indent`: where its first character stands).

    `indent` is the number of columns that every line of the block is shifted by in the file.
    """

    path: Path
    text: str
    first_line: int = 1
    indent: int = 0
    whole: TextFile | None = field(default=None, repr=False)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of this text without their ends."""
        return self.text.splitlines()

    @cached_property
    def _starts(self) -> list[int]:
        starts, offset = [], 0
        for line in self.text.splitlines(keepends=True):
            starts.append(offset)
            offset += len(line)
        return starts or [0]

    def place(self, start: int, end: int | None = None) -> Place:
        """The stretch between two offsets of this text; what reaches past the first line is cut at its end."""
        row = bisect_right(self._starts, start) - 1
        column = start - self._starts[row]
        length = len(self.lines[row]) if self.lines else 0
        last = min(end - self._starts[row], length) if end is not None else length
        return self.at(row, column, max(last, column))

    def at(self, row: int, column: int = 0, end: int | None = None) -> Place:
        """A place by row and columns of this text, all counted from 0; `end` is the end of the line unless given."""
        if end is None:
            end = len(self.lines[row]) if row < len(self.lines) else column
        return Place(self.path, self.first_line + row, self.indent + column + 1, self.indent + end + 1)

    def block(self, text: str, row: int, indent: int) -> TextFile:
        """A block within this text that begins at `row` (from 0), its lines shifted by `indent` columns."""
        return TextFile(self.path, text, self.first_line + row, self.indent + indent, self.whole or self)
