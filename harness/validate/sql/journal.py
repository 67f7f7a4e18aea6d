"""Event journals: which entries of one are pending, and which statements write it or pick from it."""

from __future__ import annotations

from typing import Any

from pglast import ast

from harness.validate.sql.schema import Column, Index, Schema
from harness.validate.sql.tree import column, literal, nodes, relation

_PENDING = frozenset({"pending", "new", "open", "created", "queued", "ready", "unsent", "offen", "neu", "failed", "retry"})


def pending(where: Any, marker: Column) -> bool:
    """Whether a condition asks for entries that are not dispatched yet."""
    for test in nodes(where, ast.NullTest):
        if test.nulltesttype.name == "IS_NULL" and column(test.arg)[-1:] == (marker.name,):
            return True
    for test in nodes(where, ast.BooleanTest):
        if test.booltesttype.name in ("IS_FALSE", "IS_NOT_TRUE") and column(test.arg)[-1:] == (marker.name,):
            return True
    for test in nodes(where, ast.BoolExpr):
        if test.boolop.name == "NOT_EXPR" and column(test.args[0])[-1:] == (marker.name,):
            return True
    for test in nodes(where, ast.A_Expr):
        if column(test.lexpr)[-1:] == (marker.name,):
            values = test.rexpr if isinstance(test.rexpr, tuple | list) else (test.rexpr,)
            if any((literal(value) or "").lower() in _PENDING for value in values):
                return True
            if any(isinstance(value, ast.A_Const) and isinstance(value.val, ast.Boolean) for value in values):
                return not any(value.val.boolval for value in values)
    return False


def serves(index: Index, marker: Column) -> bool:
    """Whether an index finds the pending entries: its predicate or one of its columns is the marker."""
    if index.predicate is not None and any(
        column(one)[-1:] == (marker.name,) for one in nodes(index.predicate, ast.ColumnRef)
    ):
        return not any(
            test.nulltesttype.name == "IS_NOT_NULL" and column(test.arg)[-1:] == (marker.name,)
            for test in nodes(index.predicate, ast.NullTest)
        )
    return index.predicate is None and marker.name in index.columns


def marker_of(schema: Schema, node: Any) -> Column | None:
    """The marker of the journal that a RangeVar names."""
    table = schema.table(relation(node)) if isinstance(node, ast.RangeVar) else None
    return table.marker if table is not None else None
