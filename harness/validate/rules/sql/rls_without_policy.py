"""SQ020: row level security is switched on, and no policy lets anybody through."""

from __future__ import annotations

from collections.abc import Iterator

from pglast import ast

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.repository import repository
from harness.validate.sql.tree import nodes, relation

_ENABLES = ("AT_EnableRowSecurity", "AT_ForceRowSecurity")


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every ENABLE ROW LEVEL SECURITY of a table for which no CREATE POLICY is written anywhere."""
    known = repository(estate)
    everything = [statement for statement, _ in known.everything()]
    policed = {relation(policy.table)[1] for one in everything for policy in nodes(one.node, ast.CreatePolicyStmt)}
    off = {
        relation(one.node.relation)[1] for one in everything if _does(one.node, ("AT_DisableRowSecurity",)) and one.forward
    }
    if any(routine.language == "plpgsql" and "policy" in routine.body.lower() for routine in known.routines):
        return  # Policies are made by a loop: which, is only known when it runs.
    told: set[str] = set()
    for statement in everything:
        if not _does(statement.node, _ENABLES[:1]) or not statement.forward:
            continue
        schema, name = relation(statement.node.relation)
        if name not in policed | off | told:
            told.add(name)
            yield Defect(
                statement.at(statement.node.relation.location),
                f"Row level security is enabled on {schema + '.' if schema else ''}{name} and no policy is written for it, "
                "so everybody but its owner sees no rows",
                f"Add CREATE POLICY … ON {name}, or leave it so if nobody but the owner is to read it",
                # Without any policy at all nobody was meant to be let through, or the policies are made elsewhere.
                severity=None if policed else Severity.INFO,
            )


def _does(node: object, kinds: tuple[str, ...]) -> bool:
    return isinstance(node, ast.AlterTableStmt) and any(command.subtype.name in kinds for command in node.cmds or ())


RULE = ValidationRule(
    "SQ020", "rls-without-policy", "Row level security is enabled without any policy.", Severity.WARNING, check
)
