"""SQ022: a SECURITY DEFINER function that trusts the caller's search_path."""

from __future__ import annotations

from collections.abc import Iterator

from pglast import ast

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.repository import repository
from harness.validate.sql.tree import dotted


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every CREATE FUNCTION … SECURITY DEFINER without SET search_path, unless an ALTER FUNCTION sets it later."""
    known = repository(estate)
    mended = {
        dotted(statement.node.func.objname)[1]
        for statement in known.statements
        if isinstance(statement.node, ast.AlterFunctionStmt) and _sets_path(statement.node.actions)
    }
    for routine in known.routines:
        node = routine.statement.node
        if not isinstance(node, ast.CreateFunctionStmt) or not routine.statement.forward:
            continue
        security = [option for option in node.options or () if option.defname == "security"]
        if security and security[-1].arg.boolval and not _sets_path(node.options) and routine.name not in mended:
            yield Defect(
                routine.statement.at(security[-1].location),
                f"{routine.name} runs with its owner's rights but looks names up in the caller's search_path",
                f"Add SET search_path = {routine.schema or 'pg_catalog'}, pg_temp to the function",
            )


def _sets_path(options: object) -> bool:
    return any(
        option.defname == "set" and isinstance(option.arg, ast.VariableSetStmt) and option.arg.name == "search_path"
        for option in (options if isinstance(options, tuple | list) else ())
    )


RULE = ValidationRule(
    "SQ022", "definer-search-path", "A SECURITY DEFINER function without SET search_path.", Severity.WARNING, check
)
