"""SQ011: NOTIFY outside the transaction that writes the journal."""

from __future__ import annotations

from collections.abc import Iterator

from pglast import ast

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.repository import repository
from harness.validate.sql.routine import Routine
from harness.validate.sql.schema import Schema
from harness.validate.sql.script import Script, Statement
from harness.validate.sql.tree import dotted, nodes, relation

_MEND = "Write the entry and send the NOTIFY in one transaction: PostgreSQL then sends it with the commit, or not at all"


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Files of several transactions, and routines that commit in between."""
    known = repository(estate)
    for script in (*known.scripts, *known.snippets):
        if not script.transactional:
            yield from _file(known.schema, script)
    for routine in known.routines:
        if routine.commits:
            yield from _routine(known.schema, routine)


def _file(schema: Schema, script: Script) -> Iterator[Defect]:
    wrote: Statement | None = None
    for statement in script.statements:
        if isinstance(statement.node, ast.CreateFunctionStmt | ast.RuleStmt) or not statement.forward:
            continue
        wrote = statement if _writes(schema, statement) else wrote
        together = wrote is statement or (wrote and wrote.transaction and wrote.transaction == statement.transaction)
        if wrote is not None and not together and _notifies(statement):
            yield Defect(
                statement.at(),
                "This NOTIFY is sent in another transaction than the one that writes the journal, so it can be lost "
                "after the entry is written",
                _MEND,
                (Related(wrote.at(), "the journal is written here"),),
                Confidence.LIKELY,
            )


def _routine(schema: Schema, routine: Routine) -> Iterator[Defect]:
    parts = sorted(routine.parts, key=lambda part: part.start)
    for part in parts:
        if not _notifies(part):
            continue
        before = [one for one in parts if one.start < part.start and _writes(schema, one)]
        if before and any(before[-1].start < commit <= part.start for commit in routine.commits):
            yield Defect(
                part.at(),
                "This NOTIFY is sent after the COMMIT of the transaction that writes the journal, so it can be lost",
                _MEND,
                (Related(before[-1].at(), "the journal is written here"),),
            )


def _writes(schema: Schema, statement: Statement) -> bool:
    """Whether it inserts into a journal."""
    for insert in nodes(statement.node, ast.InsertStmt):
        table = schema.table(relation(insert.relation))
        if table is not None and table.marker is not None:
            return True
    return False


def _notifies(statement: Statement) -> bool:
    return isinstance(statement.node, ast.NotifyStmt) or any(
        dotted(call.funcname)[1] == "pg_notify" for call in nodes(statement.node, ast.FuncCall)
    )


RULE = ValidationRule(
    "SQ011", "notify-transaction", "NOTIFY outside the transaction that writes the journal.", Severity.WARNING, check
)
