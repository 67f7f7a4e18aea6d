"""Files that say they may be applied again, and statements in them that do not hold that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pglast import ast

from harness.validate.sql.making import made
from harness.validate.sql.script import Script, Statement
from harness.validate.sql.tree import dotted

_ONCE = frozenset({"goose", "sql-migrate", "dbmate", "Liquibase", "tern", "golang-migrate", "Prisma"})


def applied_once(script: Script) -> bool:
    """Whether a tool sees to it that the file is applied once: all but Flyway's repeatable ones."""
    if re.match(r"\d{10,}_", script.file.path.name):
        return True  # A time as the number: the way of Supabase, Rails, node-pg-migrate and many more.
    return script.tool in _ONCE or (script.tool == "Flyway" and script.file.path.name[:1] not in "rR")


def claim(script: Script) -> Statement | None:
    """The first statement that says CREATE TABLE or INDEX … IF NOT EXISTS, or ADD COLUMN IF NOT EXISTS."""
    if applied_once(script):
        return None
    for statement in script.statements:
        node = statement.node
        if not statement.forward or _temporary(node):
            continue
        if (
            isinstance(node, ast.CreateStmt | ast.IndexStmt | ast.CreateSeqStmt | ast.CreateTableAsStmt)
            and node.if_not_exists
        ):
            return statement
        if isinstance(node, ast.AlterTableStmt) and any(
            command.subtype.name == "AT_AddColumn" and command.missing_ok for command in node.cmds or ()
        ):
            return statement
    replaces = [one for one in script.statements if one.forward and getattr(one.node, "replace", False)]
    return replaces[0] if replaces and script.tool == "Flyway" else None


def claims(script: Script) -> bool:
    """Whether a file says that it may be applied again."""
    return claim(script) is not None


def means_it(script: Script) -> bool:
    """Whether at least half of what a file makes has a guard: elsewhere IF NOT EXISTS is a habit rather than a promise."""
    new = [one for one in script.statements if one.forward and not _temporary(one.node) and made(one.node) is not None]
    return 2 * sum(1 for _ in unguarded(script)) <= len(new)


def unguarded(script: Script) -> Iterator[tuple[Statement, str]]:
    """Statements that fail the second time, with what they make; read off, without a database."""
    dropped: set[str] = set()
    for statement in script.statements:
        node = statement.node
        if not statement.forward:
            continue
        if isinstance(node, ast.DropStmt):
            dropped.update(_dropped(node))
        new = _made(node)
        if new and not ({new[1], "*"} & dropped):
            yield statement, f"{new[0]} {new[1]}"


def _temporary(node: Any) -> bool:
    target = getattr(node, "relation", None)
    return isinstance(target, ast.RangeVar) and target.relpersistence == "t"


def _dropped(node: Any) -> Iterator[str]:
    if node.removeType.name == "OBJECT_SCHEMA":
        yield "*"
    for one in node.objects or ():
        names = getattr(one, "objname", None) or getattr(one, "names", None) or one
        if isinstance(names, tuple | list):
            yield dotted(names)[1]


def _made(node: Any) -> tuple[str, str] | None:
    """What fails the second time, for it has no guard of its own."""
    guarded = getattr(node, "if_not_exists", False) or getattr(node, "replace", False)
    return None if guarded or _temporary(node) else made(node)
