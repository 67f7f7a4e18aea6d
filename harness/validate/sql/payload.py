"""How long the text of an expression can become: what decides whether a NOTIFY payload fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pglast import ast

from harness.validate.sql.schema import ENDLESS, Column, Schema, Table
from harness.validate.sql.script import Statement
from harness.validate.sql.tree import column, dotted, literal

LIMIT = 7999
"""Bytes: a payload must be shorter than 8000 (PostgreSQL's NOTIFY)."""
BYTES = 4
"""The most bytes of a character in UTF-8."""
_LARGE = (
    "payload",
    "body",
    "data",
    "content",
    "description",
    "message",
    "note",
    "comment",
    "html",
    "document",
    "details",
    "text",
)
_WHOLE = frozenset({"row_to_json", "to_json", "to_jsonb", "json_agg", "jsonb_agg", "jsonb_pretty", "hstore"})
_OBJECTS = frozenset(
    {"json_build_object", "jsonb_build_object", "json_build_array", "jsonb_build_array", "concat", "concat_ws"}
)
_SAME = frozenset(
    {
        "upper",
        "lower",
        "trim",
        "btrim",
        "ltrim",
        "rtrim",
        "quote_literal",
        "quote_ident",
        "json_strip_nulls",
        "jsonb_strip_nulls",
    }
)
_FIXED = {
    "now": 40,
    "clock_timestamp": 40,
    "gen_random_uuid": 36,
    "uuidv7": 36,
    "md5": 32,
    "txid_current": 20,
    "length": 12,
}
_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Bound:
    """The most characters; None without a bound. `known` is False where nothing can be said. `why`: what has no bound."""

    most: int | None
    known: bool = True
    why: str = ""

    def __add__(self, other: Bound) -> Bound:
        if self.most is None and self.known:
            return self
        if other.most is None and other.known:
            return other
        if self.most is None or other.most is None:
            return UNKNOWN
        return Bound(self.most + other.most)


UNKNOWN = Bound(None, False)


@dataclass(frozen=True, slots=True)
class Names:
    """What names mean within a routine.

    `rows`: tables that NEW, OLD and record variables are rows of; `variables`: what is assigned to a variable.
    """

    schema: Schema
    rows: Mapping[str, Sequence[Table]]
    variables: Mapping[str, Sequence[Statement]]


def bound_of(node: Any, names: Names, depth: int = 0) -> Bound:
    """The bound of an expression's text."""
    if depth > _DEPTH or node is None:
        return UNKNOWN
    text = literal(node)
    if text is not None:
        return Bound(len(text))
    handle = _HANDLERS.get(type(node))
    return handle(node, names, depth + 1) if handle is not None else UNKNOWN


def _cast(node: Any, names: Names, depth: int) -> Bound:
    kind = dotted(node.typeName.names)[1]
    if kind in ("varchar", "bpchar"):
        sizes = [one.val.ival for one in node.typeName.typmods or () if isinstance(one, ast.A_Const)]
        if sizes:
            return Bound(int(sizes[0]))
    return Bound(40) if kind not in ENDLESS else bound_of(node.arg, names, depth)


def _constant(node: Any, names: Names, depth: int) -> Bound:
    return Bound(20)


def _call(node: Any, names: Names, depth: int) -> Bound:
    name = dotted(node.funcname)[1]
    arguments = list(node.args or ())
    if name in _FIXED:
        return Bound(_FIXED[name])
    if name in ("left", "right", "substr", "substring") and len(arguments) > 1:
        size = arguments[-1]
        return Bound(int(size.val.ival)) if isinstance(size, ast.A_Const) and isinstance(size.val, ast.Integer) else UNKNOWN
    if name in _WHOLE and arguments:
        return _whole(arguments[0], names, depth)
    if name in _SAME and arguments:
        return bound_of(arguments[0], names, depth)
    return _composed(name, arguments, names, depth)


def _composed(name: str, arguments: list[Any], names: Names, depth: int) -> Bound:
    if name == "format" and arguments and (shape := literal(arguments[0])) is not None:
        return _sum([Bound(len(shape)), *(bound_of(one, names, depth) for one in arguments[1:])])
    if name in _OBJECTS:
        return _sum([Bound(2 + 4 * len(arguments)), *(bound_of(one, names, depth) for one in arguments)])
    return UNKNOWN


def _sum(parts: Sequence[Bound]) -> Bound:
    total = Bound(0)
    for part in parts:
        total = total + part
    return total


def _whole(node: Any, names: Names, depth: int) -> Bound:
    """A row as JSON: of NEW, of a record variable, or of an alias."""
    path = column(node)
    if len(path) == 1 or (len(path) == 2 and path[1] == "*"):
        tables = names.rows.get(path[0], ())
        bounds = [_row(table) for table in tables if table.columns]
        return _worst(bounds) if bounds else bound_of(node, names, depth)
    return bound_of(node, names, depth)


def _row(table: Table) -> Bound:
    total = Bound(2)
    for one in table.columns.values():
        if one.most is None:
            return Bound(None, True, f"{one.name} ({one.type}) of {table.title}")
        total = total + Bound(len(one.name) + 4 + one.most)
    return total


def _reference(node: Any, names: Names, depth: int) -> Bound:
    path = column(node)
    if len(path) == 2:
        found = [one for table in names.rows.get(path[0], ()) if (one := table.columns.get(path[1])) is not None]
        return _worst([_one(one) for one in found]) if found else UNKNOWN
    if len(path) == 1 and (assigned := names.variables.get(path[0].lower())):
        bounds = [
            bound_of(target.val, names, depth)
            for statement in assigned
            for target in (getattr(statement.node, "targetList", None) or ())[:1]
        ]
        return _worst(bounds) if bounds else UNKNOWN
    return UNKNOWN


def _one(found: Column) -> Bound:
    """A column picked by name: a `text` that is called `type` or `territory` is short whatever its type allows."""
    if found.most is not None:
        return Bound(found.most)
    heavy = found.type in ("json", "jsonb", "bytea", "xml", "hstore", "tsvector") or any(
        word in found.name.lower().split("_") for word in _LARGE
    )
    return Bound(None, True, f"{found.name} ({found.type})") if heavy else UNKNOWN


def _worst(bounds: Sequence[Bound]) -> Bound:
    endless = next((one for one in bounds if one.most is None and one.known), None)
    if endless is not None:
        return endless
    known = [one for one in bounds if one.most is not None]
    return max(known, key=lambda one: one.most or 0) if len(known) == len(bounds) and known else UNKNOWN


def _operator(node: Any, names: Names, depth: int) -> Bound:
    name = dotted(node.name)[1]
    if name == "||":
        return bound_of(node.lexpr, names, depth) + bound_of(node.rexpr, names, depth)
    return bound_of(node.lexpr, names, depth) if name in ("->", "->>", "-", "#>", "#>>") else Bound(40)


def _coalesce(node: Any, names: Names, depth: int) -> Bound:
    return _worst([bound_of(one, names, depth) for one in node.args or ()])


def _case(node: Any, names: Names, depth: int) -> Bound:
    branches = [one.result for one in node.args or ()]
    return _worst([bound_of(one, names, depth) for one in (*branches, *([node.defresult] if node.defresult else []))])


_HANDLERS: dict[type, Callable[[Any, Names, int], Bound]] = {
    ast.TypeCast: _cast,
    ast.A_Const: _constant,
    ast.FuncCall: _call,
    ast.ColumnRef: _reference,
    ast.A_Expr: _operator,
    ast.CoalesceExpr: _coalesce,
    ast.CaseExpr: _case,
}
