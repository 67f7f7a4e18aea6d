"""What the statements of a repository define: tables with their columns, indexes, triggers, row level security."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pglast import ast

from harness.validate.sql.script import Statement
from harness.validate.sql.tree import column, dotted, literal, nodes, relation

ENDLESS = frozenset({"text", "json", "jsonb", "bytea", "xml", "varchar", "hstore", "citext", "tsvector"})
"""Types whose values have no bound unless one is written."""

_MARKER = re.compile(
    r"(?:is_)?(?:dispatched|processed|published|sent|delivered|handled|consumed|relayed|exported|forwarded|versendet|verarbeitet"
    r"|zugestellt)(?:_at|_on|_time|_am)?$"
)
_JOURNAL = re.compile(r"(?:^|_)(?:journal|outbox|events?|ereignisse?|eventjournal|postausgang)(?:$|_)")
_OUTBOX = re.compile(r"(?:^|_)(?:event_?journal|outbox|postausgang)(?:$|_)")


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column. `type`: without schema; `most`: the most characters a value has as text, None where there is no bound."""

    name: str
    type: str
    most: int | None
    location: int | None


@dataclass(slots=True, eq=False)
class Table:
    """A table. `partition`: it is part of another; `partitioned`: it has parts; `rls`: where security is switched on."""

    schema: str
    name: str
    statement: Statement
    location: int | None
    columns: dict[str, Column] = field(default_factory=dict)
    partition: bool = False
    partitioned: bool = False
    rls: Statement | None = None

    @property
    def title(self) -> str:
        """Its name as it was written."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def marker(self) -> Column | None:
        """The column that says whether an entry was dispatched, if this is a journal."""
        if not _JOURNAL.search(self.name) or self.partition:
            return None
        for one in self.columns.values():
            if _MARKER.match(one.name) or (one.name in ("status", "state") and _OUTBOX.search(self.name)):
                return one
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """An index, also that of a key. `columns`: names in order; `predicate`: of a partial one."""

    schema: str
    table: str
    columns: tuple[str, ...]
    predicate: Any
    statement: Statement


@dataclass(frozen=True, slots=True, eq=False)
class Trigger:
    """A trigger. `arguments`: what its function finds in TG_ARGV."""

    table: tuple[str, str]
    function: tuple[str, str]
    arguments: tuple[str, ...]
    statement: Statement


@dataclass(slots=True, eq=False)
class Schema:
    """All definitions, tables in order of statement."""

    tables: list[Table] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    enums: set[str] = field(default_factory=set)
    by_name: dict[str, list[Table]] = field(default_factory=dict)

    def table(self, name: tuple[str, str]) -> Table | None:
        """The first table of a name; a schema that either side leaves out fits any."""
        for one in self.by_name.get(name[1], ()):
            if not name[0] or not one.schema or one.schema == name[0]:
                return one
        return None

    def journals(self) -> Iterator[tuple[Table, Column]]:
        """Tables that hold events to be dispatched, with the column that marks them."""
        for one in self.tables:
            if (marker := one.marker) is not None:
                yield one, marker


def schema_of(statements: Iterable[Statement]) -> Schema:
    """Follow the statements that run forward."""
    found = Schema()
    for statement in statements:
        if statement.forward:
            _follow(found, statement, statement.node)
    return found


def _follow(found: Schema, statement: Statement, node: Any) -> None:
    if isinstance(node, ast.CreateStmt):
        _create(found, statement, node)
    elif isinstance(node, ast.CreateTableAsStmt) and node.into is not None:
        _add(found, Table(*relation(node.into.rel), statement, node.into.rel.location))
    elif isinstance(node, ast.AlterTableStmt):
        _alter(found, statement, node)
    elif isinstance(node, ast.IndexStmt):
        names = tuple(param.name or "" for param in node.indexParams or ())
        found.indexes.append(Index(*relation(node.relation), names, node.whereClause, statement))
    elif isinstance(node, ast.CreateTrigStmt):
        arguments = tuple(str(one.sval) for one in node.args or ())
        found.triggers.append(Trigger(relation(node.relation), dotted(node.funcname), arguments, statement))
    elif isinstance(node, ast.CreateEnumStmt):
        found.enums.add(dotted(node.typeName)[1])
    elif isinstance(node, ast.CreateSchemaStmt):
        for inner in node.schemaElts or ():
            _follow(found, statement, inner)


def _add(found: Schema, table: Table) -> None:
    found.tables.append(table)
    found.by_name.setdefault(table.name, []).append(table)


def _create(found: Schema, statement: Statement, node: Any) -> None:
    table = Table(
        *relation(node.relation),
        statement,
        node.relation.location,
        partition=node.partbound is not None,
        partitioned=node.partspec is not None,
    )
    if node.relation.relpersistence == "t":
        return
    limits: dict[str, int] = {}
    for element in node.tableElts or ():
        if isinstance(element, ast.ColumnDef):
            table.columns[element.colname] = _column(found, element)
        for constraint in nodes(element, ast.Constraint):
            if constraint.contype.name == "CONSTR_CHECK":
                limits.update(_limits(constraint.raw_expr))
            elif constraint.contype.name in ("CONSTR_PRIMARY", "CONSTR_UNIQUE"):
                names = tuple(str(key.sval) for key in constraint.keys or ()) or (getattr(element, "colname", "") or "",)
                found.indexes.append(Index(table.schema, table.name, names, None, statement))
    for inherited in node.inhRelations or ():
        parent = found.table(relation(inherited))
        if parent is not None:
            table.columns = {**parent.columns, **table.columns}
    for element in node.tableElts or ():
        if isinstance(element, ast.TableLikeClause) and (parent := found.table(relation(element.relation))) is not None:
            table.columns = {**parent.columns, **table.columns}
    _bound(table, limits)
    _add(found, table)


def _alter(found: Schema, statement: Statement, node: Any) -> None:
    table = found.table(relation(node.relation))
    for command in node.cmds or ():
        kind = command.subtype.name
        if table is None:
            continue
        if kind == "AT_AddColumn":
            table.columns[command.def_.colname] = _column(found, command.def_)
        elif kind == "AT_DropColumn":
            table.columns.pop(command.name, None)
        elif kind == "AT_EnableRowSecurity":
            table.rls = statement
        elif kind == "AT_DisableRowSecurity":
            table.rls = None
        elif kind == "AT_AddConstraint":
            constraint = command.def_
            if constraint.contype.name == "CONSTR_CHECK":
                _bound(table, _limits(constraint.raw_expr))
            elif constraint.contype.name in ("CONSTR_PRIMARY", "CONSTR_UNIQUE"):
                names = tuple(str(key.sval) for key in constraint.keys or ())
                found.indexes.append(Index(table.schema, table.name, names, None, statement))


def _bound(table: Table, limits: dict[str, int]) -> None:
    for name, most in limits.items():
        if (one := table.columns.get(name)) is not None:
            table.columns[name] = Column(one.name, one.type, most, one.location)


def _column(found: Schema, node: Any) -> Column:
    kind = dotted(node.typeName.names)[1] if node.typeName is not None else ""
    array = bool(node.typeName is not None and node.typeName.arrayBounds)
    limits = [
        _limits(one.raw_expr).get(node.colname) for one in node.constraints or () if one.contype.name == "CONSTR_CHECK"
    ]
    most = next((limit for limit in limits if limit is not None), None)
    if array:
        most = None
    elif most is None and kind in ("varchar", "bpchar", "char"):
        length = [one.val.ival for one in node.typeName.typmods or () if isinstance(one, ast.A_Const)]
        most = int(length[0]) if length else 1 if kind != "varchar" else None
    elif most is None and kind not in ENDLESS:
        # Numbers without a precision can be long on paper; nobody's are.
        most = 63 if kind in found.enums else 40
    return Column(node.colname, f"{kind}[]" if array else kind, most, node.location)


def _limits(check: Any) -> dict[str, int]:
    """Bounds on text columns that a CHECK sets: `x IN ('a', 'b')`, `length(x) <= 20`."""
    found: dict[str, int] = {}
    for one in nodes(check, ast.A_Expr):
        operator = dotted(one.name)[1]
        names = column(one.lexpr)
        if one.kind.name in ("AEXPR_IN", "AEXPR_OP_ANY") and names:
            texts = [literal(item) for item in (one.rexpr if isinstance(one.rexpr, tuple | list) else _items(one.rexpr))]
            if texts and all(text is not None for text in texts):
                found[names[-1]] = max(len(text or "") for text in texts)
        elif operator in ("<", "<=", "=") and isinstance(one.rexpr, ast.A_Const) and (measured := _measured(one.lexpr)):
            found[measured] = int(getattr(one.rexpr.val, "ival", None) or 0)
    return found


def _items(node: Any) -> list[Any]:
    return list(node.elements or ()) if isinstance(node, ast.A_ArrayExpr) else []


def _measured(node: Any) -> str:
    """The column whose length an expression is."""
    if (
        isinstance(node, ast.FuncCall)
        and dotted(node.funcname)[1] in ("length", "char_length", "octet_length")
        and node.args
    ):
        return (column(node.args[0]) or ("",))[-1]
    return ""
