"""PostgreSQL's parse tree: walking it, and reading the names in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pglast import ast

Tree = Any
"""A node of pglast; it has no types of its own."""
_DEEPER = (ast.Node, tuple, list)


def walk(tree: Tree) -> Iterator[Tree]:
    """A node and all nodes below it, in order; iterative, so that depth costs no stack."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Node):
            yield node
            below = [getattr(node, name) for name in node.__slots__ if name != "ancestors"]
        else:
            below = list(node) if isinstance(node, tuple | list) else []
        # Most of what a node holds is numbers and words.
        waiting.extend(one for one in reversed(below) if isinstance(one, _DEEPER))


def nodes(tree: Tree, kind: type) -> Iterator[Any]:
    """All nodes of a kind."""
    return (node for node in walk(tree) if isinstance(node, kind))


def dotted(names: Iterable[Any] | None) -> tuple[str, str]:
    """(schema, name) of a list of String nodes; schema is '' where none is written."""
    parts = [str(name.sval) for name in names or () if isinstance(name, ast.String)]
    return (parts[-2] if len(parts) > 1 else "", parts[-1] if parts else "")


def relation(node: Any) -> tuple[str, str]:
    """(schema, name) of a RangeVar."""
    return (node.schemaname or "", node.relname or "") if node is not None else ("", "")


def literal(node: Any) -> str | None:
    """The text of a string constant, also behind casts; None for anything else."""
    while isinstance(node, ast.TypeCast):
        node = node.arg
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String):
        return str(node.val.sval)
    return None


def column(node: Any) -> tuple[str, ...]:
    """The names of a column reference, such as ('new', 'payload'); () for anything else."""
    if isinstance(node, ast.ColumnRef):
        return tuple(str(part.sval) if isinstance(part, ast.String) else "*" for part in node.fields)
    return ()


def options(node: Any) -> dict[str, Any]:
    """The DefElems of a statement by name; the last wins."""
    return {str(option.defname): option for option in node or () if isinstance(option, ast.DefElem)}
