"""SQ012: two dispatchers take the same pending entries, because the query does not skip what another has locked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.journal import marker_of, pending
from harness.validate.sql.repository import repository
from harness.validate.sql.routine import Routine
from harness.validate.sql.schema import Schema
from harness.validate.sql.script import Statement
from harness.validate.sql.tree import nodes, walk

_MEND = "Pick with SELECT … FOR UPDATE SKIP LOCKED, in the transaction that marks the entries"


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """SELECT and UPDATE on the pending entries of a journal, where they dispatch rather than count."""
    known = repository(estate)
    marking = {id(routine) for routine in known.routines if any(_marks(known.schema, part.node) for part in routine.parts)}
    for statement, routine in known.uses():
        if isinstance(statement.node, ast.ViewStmt | ast.IndexStmt | ast.CreateFunctionStmt | ast.CreateStmt):
            continue
        yield from _judged(known.schema, statement, routine, routine is not None and id(routine) in marking)


def _judged(schema: Schema, statement: Statement, routine: Routine | None, dispatches: bool) -> Iterator[Defect]:
    top = statement.node
    updates = [one for one in nodes(top, ast.UpdateStmt) if marker_of(schema, one.relation) is not None]
    if any(lock.waitPolicy.name == "LockWaitSkip" for lock in nodes(top, ast.LockingClause)):
        return
    for select in nodes(top, ast.SelectStmt):
        marker = next(
            (one for node in select.fromClause or () if (one := marker_of(schema, _plain(node))) is not None), None
        )
        if marker is None or not pending(select.whereClause, marker) or _counts(select):
            continue
        locks = bool(select.lockingClause)
        if locks or updates or (dispatches and select.limitCount is not None):
            yield Defect(
                statement.at(select.targetList[0].location if select.targetList else None),
                "Two dispatchers at once "
                + ("wait for each other on" if locks else "pick the same of")
                + " the pending entries, since this query does not skip locked ones",
                _MEND,
                confidence=Confidence.LIKELY,
            )
            return
    for update in updates:
        marker = marker_of(schema, update.relation)
        if marker is not None and pending(update.whereClause, marker) and update.returningClause is not None:
            yield Defect(
                statement.at(update.relation.location),
                "This takes pending entries with a plain UPDATE: a second dispatcher waits for the first, then finds none",
                _MEND,
                confidence=Confidence.LIKELY,
            )
            return


def _plain(node: Any) -> Any:
    """The table of a FROM item, the left one of a join."""
    while isinstance(node, ast.JoinExpr):
        node = node.larg
    return node


def _counts(select: Any) -> bool:
    """Whether a query only measures: aggregates or EXISTS, no rows."""
    if select.groupClause:
        return True
    return bool(select.targetList) and all(
        not any(isinstance(one, ast.ColumnRef) for one in walk(target.val))
        or any(
            call.agg_star or str(call.funcname[-1].sval) in ("count", "max", "min", "sum", "avg")
            for call in nodes(target, ast.FuncCall)
        )
        for target in select.targetList
    )


def _marks(schema: Schema, node: Any) -> bool:
    return any(
        (marker := marker_of(schema, one.relation)) is not None
        and any(target.name == marker.name for target in one.targetList)
        for one in nodes(node, ast.UpdateStmt)
    )


RULE = ValidationRule(
    "SQ012", "replay-lock", "A dispatcher picks pending entries without SKIP LOCKED.", Severity.WARNING, check
)
