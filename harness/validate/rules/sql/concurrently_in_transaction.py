"""SQ031: CONCURRENTLY inside a transaction, where PostgreSQL refuses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pglast import ast

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.repository import repository
from harness.validate.sql.script import Script, Statement

_CHANGESET = re.compile(r"^--\s*changeset\b[^\n]*", re.I | re.M)
_OUTSIDE = {
    "goose": "-- +goose NO TRANSACTION",
    "sql-migrate": "-- +migrate Up notransaction",
    "dbmate": "-- migrate:up transaction:false",
    "Liquibase": "runInTransaction:false on the changeset",
    "tern": "---- tern: disable-tx ----",
}


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Indexes made, dropped or rebuilt CONCURRENTLY within BEGIN … COMMIT, a routine, or a tool's transaction."""
    known = repository(estate)
    for routine in known.routines:
        for part in routine.parts:
            if word := _concurrent(part.node):
                yield _defect(part, word, "a function, a procedure or a DO block", "Run it as a statement of its own")
    for script in known.scripts:
        for statement in script.statements:
            if word := _concurrent(statement.node):
                yield from _judged(script, statement, word)


def _judged(script: Script, statement: Statement, word: str) -> Iterator[Defect]:
    alone = sum(1 for one in script.statements if one.forward == statement.forward) == 1
    if statement.transaction:
        yield _defect(statement, word, "BEGIN … COMMIT", "Move it out of the transaction")
    elif script.tool in ("golang-migrate", "Prisma") and not alone:
        yield _defect(
            statement,
            word,
            f"what {script.tool} sends in one piece, which is one transaction",
            "Give it a file of its own",
            Confidence.LIKELY,
        )
    elif script.tool == "Flyway" and not alone and script.transactional and not _all_outside(script, statement):
        yield _defect(
            statement,
            word,
            "a migration that Flyway runs in a transaction, because of the statements beside it",
            "Give it a file of its own",
            Confidence.LIKELY,
        )
    elif script.tool in _OUTSIDE and not _outside(script, statement):
        yield _defect(statement, word, f"the transaction that {script.tool} opens", f"Mark it with {_OUTSIDE[script.tool]}")


def _outside(script: Script, statement: Statement) -> bool:
    """Whether the tool is told to run this outside a transaction."""
    if script.tool == "Liquibase":
        before = [match[0] for match in _CHANGESET.finditer(script.file.text, 0, statement.start)]
        return bool(before) and "runintransaction:false" in before[-1].lower().replace(" ", "")
    return script.transactional is False or "disable-tx" in script.file.text


def _all_outside(script: Script, statement: Statement) -> bool:
    return all(_concurrent(one.node) for one in script.statements if one.forward == statement.forward)


def _concurrent(node: Any) -> str:
    """What is done CONCURRENTLY; '' for anything else. REFRESH MATERIALIZED VIEW may do so anywhere."""
    if isinstance(node, ast.IndexStmt) and node.concurrent:
        return "CREATE INDEX"
    if isinstance(node, ast.DropStmt) and node.concurrent:
        return "DROP INDEX"
    if isinstance(node, ast.ReindexStmt) and any(option.defname == "concurrently" for option in node.params or ()):
        return "REINDEX"
    return ""


def _defect(statement: Statement, word: str, where: str, mend: str, confidence: Confidence = Confidence.CERTAIN) -> Defect:
    return Defect(statement.at(), f"{word} CONCURRENTLY cannot run inside {where}", mend, confidence=confidence)


RULE = ValidationRule("SQ031", "concurrently-in-transaction", "CONCURRENTLY inside a transaction.", Severity.ERROR, check)
