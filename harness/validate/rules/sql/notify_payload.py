"""SQ010: a NOTIFY payload that can pass 8,000 bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pglast import ast

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.payload import BYTES, LIMIT, Names, bound_of
from harness.validate.sql.repository import Repository, repository
from harness.validate.sql.routine import Routine
from harness.validate.sql.schema import Table
from harness.validate.sql.script import Statement
from harness.validate.sql.tree import dotted, literal, nodes, relation

_GUARDED = re.compile(
    r"\b(?:octet_length|char_length|length|pg_column_size|left|substr|substring)\s*\(|\b(?:8000|7999)\b", re.I
)
_MEND = "Send the row's id and let listeners read the rest from the table"


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every pg_notify(channel, payload) and NOTIFY channel, 'payload'."""
    known = repository(estate)
    for statement, routine in known.everything():
        for node in nodes(statement.node, ast.NotifyStmt):
            size = len((node.payload or "").encode())
            if size > LIMIT:
                yield _certain(statement, None, size)
        if routine is not None and _GUARDED.search(routine.body):
            continue
        for call in nodes(statement.node, ast.FuncCall):
            if dotted(call.funcname)[1] == "pg_notify" and len(call.args or ()) == 2:
                yield from _judged(known, statement, routine, call)


def _judged(known: Repository, statement: Statement, routine: Routine | None, call: Any) -> Iterator[Defect]:
    payload = call.args[1]
    text = literal(payload)
    if text is not None:
        if len(text.encode()) > LIMIT:
            yield _certain(statement, call.location, len(text.encode()))
        return
    bound = bound_of(payload, _names(known, statement, routine))
    if bound.most is None and bound.known:
        yield Defect(
            statement.at(call.location),
            f"The payload holds {bound.why}, which has no bound; from 8,000 bytes on, pg_notify fails, and with it the "
            "transaction that writes the row",
            _MEND,
            confidence=Confidence.LIKELY,
        )
    elif bound.most is not None and bound.most * BYTES > LIMIT:
        yield Defect(
            statement.at(call.location),
            f"The payload can have {bound.most} characters, up to {bound.most * BYTES} bytes; the limit is {LIMIT} bytes",
            _MEND,
            confidence=Confidence.LIKELY if bound.most > LIMIT else Confidence.GUESS,
        )


def _certain(statement: Statement, location: int | None, size: int) -> Defect:
    return Defect(
        statement.at(location), f"This payload has {size} bytes; the limit is {LIMIT} bytes, so it always fails", _MEND
    )


def _names(known: Repository, statement: Statement, routine: Routine | None) -> Names:
    """What NEW, OLD, aliases and variables stand for."""
    rows: dict[str, list[Table]] = {}
    for scope in (statement, *(routine.parts if routine else ())):
        for one in nodes(scope.node, ast.RangeVar):
            table = known.schema.table(relation(one))
            if table is not None:
                rows.setdefault(one.alias.aliasname if one.alias else one.relname, []).append(table)
                if scope.target and any(isinstance(star, ast.A_Star) for star in nodes(scope.node, ast.A_Star)):
                    rows.setdefault(scope.target, []).append(table)
    if routine is None:
        return Names(known.schema, rows, {})
    for trigger in known.schema.triggers:
        if trigger.function[1] == routine.name and (table := known.schema.table(trigger.table)) is not None:
            for name in ("new", "old", "rec"):
                rows.setdefault(name, []).append(table)
    variables: dict[str, list[Statement]] = {}
    for part in routine.parts:
        if part.target:
            variables.setdefault(part.target, []).append(part)
    return Names(known.schema, rows, variables)


RULE = ValidationRule("SQ010", "notify-payload", "A NOTIFY payload that can pass 8,000 bytes.", Severity.ERROR, check)
