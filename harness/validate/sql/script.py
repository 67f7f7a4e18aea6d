"""A SQL file as statements that know their place, and what of it PostgreSQL's parser refuses."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pglast import ast, parse_sql, scan
from pglast.parser import ParseError

from harness.validate.sql.depth import too_deep
from harness.validate.sql.dialect import other_dialect
from harness.validate.sql.masking import Masked, mask, mask_questions
from harness.validate.sql.order import undoes
from harness.validate.text import Place, TextFile

_DIRECTION = re.compile(
    r"^[ \t]*--+[ \t]*(?:\+goose|\+migrate|migrate:|rambler)[ \t]*(?P<way>up|down)\b(?P<rest>[^\n]*)", re.I | re.M
)
_NO_TRANSACTION = re.compile(
    r"transaction\s*:\s*false|no\s+transaction|notransaction|runInTransaction\s*:\s*false|executeInTransaction\s*=\s*false",
    re.I,
)
_MOST_PROBLEMS = 20
_MOST_SAID = 90


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A statement. `base`: what is added to a location in `node` to get an offset of `file`; None where that is unknown.

    `start`, `end`: its stretch in the file; `text`: as it can be run; `transaction`: the number of the BEGIN … COMMIT
    around it, 0 outside; `forward`: whether applying the file runs it; `held`: whether placeholders or psql variables
    are in it. `target`: the variable of PL/pgSQL that an expression is assigned to.
    """

    file: TextFile
    node: Any
    start: int
    end: int
    text: str
    base: int | None = 0
    transaction: int = 0
    forward: bool = True
    held: bool = False
    target: str = ""

    def at(self, location: int | None = None, end: int | None = None) -> Place:
        """The place of a location in the tree: its word, or up to `end`; of the whole statement without one."""
        if location is None or self.base is None or location + self.base < 0:
            return self.file.place(self.start, self.end)
        start = location + self.base
        word = re.compile(r":?\w+(?:\.\w+)*|\S").match(self.file.text, start)
        return self.file.place(start, end + self.base if end is not None else word.end() if word else start + 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a parser stopped and what it says. `hint`: what to do about it, '' for the usual; `other`: a related offset."""

    offset: int
    says: str
    hint: str = ""
    other: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """A file. `skipped`: why it is not looked at; `tool`: goose, dbmate ... where marks or the name tell of one.

    `transactional`: whether the tool runs the file in one transaction; None where no tool is known.
    """

    file: TextFile
    statements: tuple[Statement, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: str = ""
    masked: Masked = field(default_factory=lambda: Masked(""))
    tool: str = ""
    transactional: bool | None = None


def where(error: ParseError) -> int:
    """The offset at which a parser stopped; 0 where it does not say."""
    place = error.args[1] if len(error.args) > 1 else None
    return place if isinstance(place, int) and place > 0 else 0


def read_script(file: TextFile) -> Script:
    """Parse a file. What does not parse is a problem, unless the text is of another dialect."""
    text = file.text.replace("\0", " ")
    masked = Masked(text)
    if too_deep(text):
        return Script(file, skipped="an expression in it is too deep to be read")
    try:
        found = list(_whole(text))
        problems: list[Problem] = []
    except ParseError:
        masked = mask(text)
        found, problems = _attempts(masked.text)
    if problems and (why := other_dialect(text)):
        return Script(file, skipped=why)
    tool, transactional = _tool(file)
    return Script(file, tuple(_annotated(file, masked, found)), tuple(problems), "", masked, tool, transactional)


def _attempts(text: str) -> tuple[list[tuple[int, int, Any, int]], list[Problem]]:
    for attempt in (text, mask_questions(text)):
        try:
            return list(_whole(attempt)), []
        except ParseError:
            continue
    return _one_by_one(text)


def _whole(text: str) -> Iterator[tuple[int, int, Any, int]]:
    for raw in parse_sql(text):
        yield raw.stmt_location, raw.stmt_location + raw.stmt_len if raw.stmt_len else len(text.rstrip()), raw.stmt, 0


def _one_by_one(text: str) -> tuple[list[tuple[int, int, Any, int]], list[Problem]]:
    found: list[tuple[int, int, Any, int]] = []
    problems: list[Problem] = []
    try:
        pieces = list(_pieces(text))
    except ParseError as error:
        offset = where(error)
        problems.append(Problem(offset, _short(error)))
        before = text.rfind(";", 0, offset) + 1
        if not before:
            return found, problems
        found, earlier = _attempts(text[:before])
        return found, [*earlier, *problems]
    for begin, stop in pieces:
        try:
            found.extend((begin + start, begin + end, node, begin) for start, end, node, _ in _whole(text[begin:stop]))
        except ParseError as error:
            if len(problems) < _MOST_PROBLEMS:
                problems.append(_explained(text, (begin, stop), begin + where(error), _short(error)))
    return found, problems


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of statements, by PostgreSQL's scanner alone. Raises ParseError where even that stumbles."""
    begin, depth, ends, last = -1, 0, 0, ""
    for token in scan(text):
        if token.name.endswith("_COMMENT"):
            continue
        begin = token.start if begin < 0 else begin
        if token.name in ("ASCII_40", "ASCII_41"):
            depth = max(depth + (1 if token.name == "ASCII_40" else -1), 0)
        elif token.name == "ATOMIC" and last == "BEGIN_P":
            ends = 1
        elif ends and token.name in ("CASE", "END_P"):
            ends += 1 if token.name == "CASE" else -1
        elif token.name == "ASCII_59" and not depth and not ends:
            if begin < token.start:
                yield begin, token.start
            begin = -1
        last = token.name
    if begin >= 0:
        yield begin, len(text)


def _short(error: ParseError) -> str:
    """What a parser says, without the rest of the file that it quotes."""
    says = " ".join(str(error.args[0]).split())
    return says if len(says) <= _MOST_SAID else f'{says[:_MOST_SAID]} …"'


def _explained(text: str, piece: tuple[int, int], offset: int, says: str) -> Problem:
    """A syntax error, with nested dollar quotes told as what they are."""
    begin, stop = piece
    tokens = [token for token in scan(text[begin:stop]) if begin + token.start < offset]
    if tokens and text[begin + tokens[-1].start] == "$":
        start, end = begin + tokens[-1].start, begin + tokens[-1].end + 1
        tag = re.match(r"\$\w*\$", text[start:])
        if tag and text[start:end].endswith(tag[0]) and text.find(tag[0], end) > 0:
            return Problem(
                end - len(tag[0]),
                f"This {tag[0]} closes the body that was opened with the same {tag[0]}, so what follows is no longer in it",
                f"Give the outer body another tag, such as {'$body$' if tag[0] != '$body$' else '$outer$'}",
                start,
            )
    return Problem(min(offset, max(len(text.rstrip()) - 1, 0)), says)


def _annotated(file: TextFile, masked: Masked, found: list[tuple[int, int, Any, int]]) -> Iterator[Statement]:
    down = list(_downs(file.text))
    held = [first for first, _ in masked.held]
    number, open_, back = 0, False, undoes(file.path)
    for start, end, node, base in found:
        if isinstance(node, ast.TransactionStmt):
            kind = node.kind.name
            if kind in ("TRANS_STMT_BEGIN", "TRANS_STMT_START"):
                number, open_ = number + 1, True
            elif kind in ("TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_PREPARE"):
                open_ = False
        conditional = any(first <= start < last for first, last in masked.conditional)
        yield Statement(
            file,
            node,
            start,
            end,
            masked.text[start:end],
            base,
            number if open_ else 0,
            not (conditional or back) and not any(first <= start < last for first, last in down),
            bisect_left(held, start) < bisect_left(held, end),
        )


def _downs(text: str) -> Iterator[tuple[int, int]]:
    """The stretches that undo a migration."""
    marks = [(match.start(), match["way"].lower()) for match in _DIRECTION.finditer(text)]
    for (start, way), (end, _) in pairwise([*marks, (len(text) + 1, "")]):
        if way == "down":
            yield start, end
    drop = re.search(r"^---- create above / drop below ----", text, re.M)
    if drop:
        yield drop.start(), len(text) + 1


_NAMES = (
    ("Flyway", re.compile(r"(?:[VU]\d[\d._]*__|R__).+\.sql", re.I)),
    ("golang-migrate", re.compile(r"\d+_.+\.(?:up|down)\.sql", re.I)),
)


def _tool(file: TextFile) -> tuple[str, bool | None]:
    """(the migration tool that a file is written for, whether that runs the file in one transaction)."""
    head = file.text[:200_000]
    once = _NO_TRANSACTION.search(head) is None
    for name, mark in (
        ("goose", r"^--\s*\+goose\s+Up"),
        ("sql-migrate", r"^--\s*\+migrate\s+Up"),
        ("dbmate", r"^--\s*migrate:up"),
        ("Liquibase", r"^--\s*liquibase\s+formatted\s+sql"),
        ("tern", r"^---- create above / drop below ----"),
    ):
        if re.search(mark, head, re.I | re.M):
            return name, once
    for name, pattern in _NAMES:
        if pattern.fullmatch(file.path.name):
            return name, once
    if file.path.name == "migration.sql":
        return "Prisma", False
    return "", None
