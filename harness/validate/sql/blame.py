"""Whose fault it is that a statement failed: its own, that of something outside, or that it wants too much."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches

from pglast import ast

from harness.validate.sql.applied import Kind
from harness.validate.sql.functions import builtin
from harness.validate.sql.outside import reaches_outside
from harness.validate.sql.script import Statement

IGNORED = frozenset({"25001", "42P02", "25P01", "P0001", "3B001", "25P02"})
"""Told by other rules, or no question of the files: CONCURRENTLY in a transaction, parameters, what raises by itself."""
DUPLICATES = frozenset({"42P07", "42710", "42723", "42P06", "42701", "23505", "42P16", "42712"})
_MISSING = frozenset({"42P01", "42883", "42704", "3F000", "42703", "3D000"})
_OWN = [
    "42601",
    "42804",
    "42P17",
    "42830",
    "42P10",
    "42702",
    "42725",
    "42803",
    "42P18",
    "42P22",
    "42846",
    "42P13",
    "42P14",
    "42622",
    "42939",
    "42611",
    "42P09",
    "22012",
    "22P02",
    "22001",
    "22003",
    "22007",
    "22008",
    "22023",
    "23502",
    "23514",
    "23503",
    "42P16",
    "42701",
    "2BP01",
    "42809",
    "428C9",
    "2BP01",
]
_MUCH = ("53", "54", "57014", "58")


@dataclass(slots=True)
class Known:
    """What the files of one database bring. `made`: what is there by now; `broken`: whose statement failed or was not run.

    `incomplete`: whether anything from outside was found missing, so that what follows is not certain any more.
    """

    brings: dict[str, list[Statement]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    incomplete: bool = False


def blame(statement: Statement, code: str, says: str, known: Known) -> tuple[Kind, str] | None:
    """(whose fault, the name that was probably meant), or None where nothing is to be told."""
    if code in IGNORED:
        return None
    if code == "42501":
        return (Kind.FORBIDDEN if reaches_outside(statement.node) else Kind.OUTSIDE), ""
    if code.startswith(_MUCH) or "File too large" in says:
        return Kind.LONG, ""
    names = [part.split(".")[-1] for part in re.findall(r'"([^"]+)"', says)]
    called = re.search(r"(?:function|procedure) (?:\w+\.)?(\w+)\(", says)
    names += [called[1]] if called else []
    return None if any(name in known.broken for name in names) else _own(statement, code, names, known)


def _own(statement: Statement, code: str, names: Collection[str], known: Known) -> tuple[Kind, str] | None:
    if code in _MISSING and not known.brings:
        # Queries for a database that other files make: nothing was to be expected.
        return None
    if code in _MISSING:
        return _missing(statement, code, names, known)
    if code in DUPLICATES:
        return _duplicate(statement, names, known)
    return (Kind.WRONG if code in _OWN and not known.incomplete else Kind.OUTSIDE), ""


def _missing(statement: Statement, code: str, names: Collection[str], known: Known) -> tuple[Kind, str]:
    for name in names:
        makers = known.brings.get(name, [])
        if makers and code != "42703":
            # What is there and not found stands in a schema that somebody else puts on the search_path.
            late = name not in known.made and not known.incomplete and any(_later(one, statement) for one in makers)
            return (Kind.WRONG if late else Kind.OUTSIDE), ""
        near = get_close_matches(name, list(known.brings), n=1, cutoff=0.85)
        if near and near[0] != name:
            return Kind.WRONG, near[0]
    if code == "42703" and not known.incomplete:
        return Kind.WRONG, ""
    operands = code == "42883" and (not names or all(name in builtin() for name in names))
    return (Kind.WRONG if operands and not known.incomplete else Kind.OUTSIDE), ""


def _later(one: Statement, statement: Statement) -> bool:
    """Whether the maker surely comes after: in the same file, or in one with a number."""
    return one.file is statement.file or bool(re.match(r"[VR]?\d|R__", statement.file.path.name))


def _duplicate(statement: Statement, names: Collection[str], known: Known) -> tuple[Kind, str]:
    """Files of one folder may be meant for different databases; two statements of one file are not."""
    for name in names:
        if any(one.file is statement.file and one.start < statement.start for one in known.brings.get(name, ())):
            return Kind.WRONG, ""
    own = isinstance(statement.node, ast.InsertStmt | ast.AlterTableStmt) and not known.incomplete
    return (Kind.WRONG if own else Kind.OUTSIDE), ""
