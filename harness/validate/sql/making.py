"""What a statement makes: kind and name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pglast import ast

from harness.validate.sql.tree import dotted, relation

_NAMED: dict[type, tuple[str, Callable[[Any], str]]] = {
    ast.CreateStmt: ("table", lambda node: relation(node.relation)[1]),
    ast.CreateForeignTableStmt: ("table", lambda node: relation(node.base.relation)[1]),
    ast.CreateTableAsStmt: ("table", lambda node: relation(node.into.rel)[1]),
    ast.ViewStmt: ("view", lambda node: relation(node.view)[1]),
    ast.CreateSeqStmt: ("sequence", lambda node: relation(node.sequence)[1]),
    ast.IndexStmt: ("index", lambda node: str(node.idxname or "")),
    ast.CreateFunctionStmt: ("function", lambda node: dotted(node.funcname)[1]),
    ast.CreateEnumStmt: ("type", lambda node: dotted(node.typeName)[1]),
    ast.CompositeTypeStmt: ("type", lambda node: relation(node.typevar)[1]),
    ast.CreateDomainStmt: ("domain", lambda node: dotted(node.domainname)[1]),
    ast.CreateSchemaStmt: ("schema", lambda node: str(node.schemaname or "")),
    ast.CreateTrigStmt: ("trigger", lambda node: str(node.trigname)),
    ast.CreatePolicyStmt: ("policy", lambda node: str(node.policy_name)),
    ast.CreateRoleStmt: ("role", lambda node: str(node.role)),
    ast.DefineStmt: ("object", lambda node: dotted(node.defnames)[1]),
}


def made(node: Any) -> tuple[str, str] | None:
    """(kind, name) of what a statement makes; None where it makes nothing with a name."""
    known = _NAMED.get(type(node))
    if known is None:
        return None
    name = known[1](node)
    return (known[0], name) if name else None


def creates(node: Any) -> Iterator[str]:
    """The names of what a statement makes, also of columns it adds."""
    one = made(node)
    if one is not None:
        yield one[1]
    if isinstance(node, ast.AlterTableStmt):
        for command in node.cmds or ():
            if command.subtype.name == "AT_AddColumn":
                yield str(command.def_.colname)
