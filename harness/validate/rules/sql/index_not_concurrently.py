"""SQ030: an index is made with a lock on a table that is already in use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pglast import ast

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.repository import repository
from harness.validate.sql.script import Statement
from harness.validate.sql.tree import relation

_CREATE = re.compile(r"^[ \t]*CREATE\b", re.I | re.M)
_COMMENT = re.compile(r"(?:--[^\n]*\n\s*)+\Z|/\*[^*]*(?:\*(?!/)[^*]*)*\*/\s*\Z")
_NUMBERED = re.compile(r"\d{2,}[_-]")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """CREATE INDEX without CONCURRENTLY on a table that an earlier file of the same folder creates."""
    known = repository(estate)
    tools = {id(script.file): script.tool for script in known.scripts}
    for statement in known.statements:
        node = statement.node
        if not isinstance(node, ast.IndexStmt) or node.concurrent or not statement.forward:
            continue
        table = known.schema.table(relation(node.relation))
        if table is None or table.partitioned or table.statement.file is statement.file:
            continue
        # What is made anew with all its files at every start is no migration of a table in use.
        tool = tools.get(id(statement.file), "")
        if _thought_of(statement):
            continue
        if table.statement.file.path.parent == statement.file.path.parent and (
            tool or _NUMBERED.match(statement.file.path.name)
        ):
            yield Defect(
                statement.at(node.relation.location),
                f"This locks {table.title} against writes until the index is built; the table exists since "
                f"{table.statement.file.path.name}",
                "Write CREATE INDEX CONCURRENTLY in a migration of its own that runs outside a transaction",
                (Related(table.statement.at(table.location), "created here"),),
                Confidence.LIKELY if tool else Confidence.GUESS,
            )


def _thought_of(statement: Statement) -> bool:
    """Whether the comment right above says CONCURRENTLY: then somebody has weighed it, or builds the index by hand."""
    text = statement.file.text
    create = _CREATE.search(text, statement.start)
    above = _COMMENT.search(text, max(statement.start - 1_000, 0), create.start()) if create else None
    return above is not None and "concurrent" in above[0].lower()


RULE = ValidationRule(
    "SQ030", "index-not-concurrently", "An index is built with a lock on a table in use.", Severity.WARNING, check
)
