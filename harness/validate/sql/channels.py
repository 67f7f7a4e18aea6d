"""Channels of LISTEN and NOTIFY: which names are heard, which are sent, and what is only known at run time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pglast import ast

from harness.validate.sql.repository import Repository
from harness.validate.sql.routine import Routine
from harness.validate.sql.tree import column, dotted, literal, nodes
from harness.validate.text import Place


@dataclass(slots=True)
class Channels:
    """Names with the places where they are heard and sent. `dynamic`: some name is put together at run time."""

    heard: dict[str, list[Place]] = field(default_factory=dict)
    sent: dict[str, list[Place]] = field(default_factory=dict)
    dynamic: bool = False


def channels_of(known: Repository) -> Channels:
    """All channels of files, function bodies and fences of Markdown."""
    found = Channels()
    for statement, routine in known.uses():
        for node in nodes(statement.node, ast.ListenStmt):
            found.heard.setdefault(node.conditionname, []).append(statement.at())
        for node in nodes(statement.node, ast.NotifyStmt):
            found.sent.setdefault(node.conditionname, []).append(statement.at())
        for call in nodes(statement.node, ast.FuncCall):
            if dotted(call.funcname)[1] != "pg_notify" or not call.args:
                continue
            names = list(_names(known, routine, call.args[0], statement.at(call.location)))
            found.dynamic |= not names
            for name, place in names:
                found.sent.setdefault(name, []).append(place)
    return found


def _names(known: Repository, routine: Routine | None, node: Any, place: Place) -> Iterator[tuple[str, Place]]:
    """The channel that an expression names: a constant, a trigger's argument, a variable or an argument of a call."""
    text = literal(node)
    if text is not None:
        yield text, place
    elif routine is not None and isinstance(node, ast.A_Indirection) and column(node.arg) == ("tg_argv",):
        index = next((one.uidx.val.ival or 0 for one in node.indirection or () if isinstance(one, ast.A_Indices)), None)
        for trigger in known.schema.triggers:
            if index is not None and trigger.function[1] == routine.name and len(trigger.arguments) > index:
                yield (
                    trigger.arguments[index],
                    trigger.statement.at(),
                )
    elif routine is not None and len(path := column(node)) == 1:
        for part in routine.parts:
            if part.target == path[0]:
                for target in (getattr(part.node, "targetList", None) or ())[:1]:
                    if literal(target.val) is not None:
                        yield literal(target.val) or "", part.at(target.location)
