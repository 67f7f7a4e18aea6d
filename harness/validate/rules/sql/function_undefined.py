"""SQ032: a function that SQL or a runbook calls and nobody defines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from pglast import ast

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Severity
from harness.validate.promises import Mention
from harness.validate.rule import ValidationRule
from harness.validate.sql.functions import builtin, defined, extensions, schemas
from harness.validate.sql.repository import Repository, repository, typed
from harness.validate.sql.script import Statement, read_script
from harness.validate.sql.tree import dotted, nodes
from harness.validate.text import Place, TextFile


@dataclass(frozen=True, slots=True)
class _Call:
    schema: str
    name: str
    place: Place
    trigger: bool = False


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Calls in files, bodies, fences and typed commands, EXECUTE FUNCTION of triggers, and functions that pages name."""
    known = repository(estate)
    if not known.scripts:
        return
    own, (brought, told) = defined(estate), extensions(known)
    everything, ours = builtin() | own | brought, schemas(known)
    for call in _calls(estate, known):
        if call.name in everything or (call.schema and call.schema not in ours):
            continue
        near = _nearest(call.name, own) or _misspelt(call)
        if call.schema or near or (told and own and call.trigger):
            title = f"{call.schema}.{call.name}" if call.schema else call.name
            yield Defect(
                call.place,
                f"Nothing that was read defines the function {title}" + (f"; did you mean '{near}'?" if near else ""),
                f"Call {near}, or define {title}" if near else f"Define {title}, or name the function that is meant",
                confidence=Confidence.LIKELY if call.schema or near else Confidence.GUESS,
            )
    for mention in estate.all(Mention):
        name = mention.name.removesuffix("()").lower().split(".")
        if mention.kind != "function" or name[-1] in everything or not own:
            continue
        if _elsewhere(mention, name[0] if len(name) > 1 else "", ours):
            continue
        near = _nearest(name[-1], own)
        if near or (len(name) > 1 and name[0] in ours):
            yield Defect(
                mention.place,
                f"Nothing that was read defines the function {mention.name}"
                + (f"; did you mean '{near}'?" if near else ""),
                f"Write {near}, or define it" if near else "Define it, or name the function that is meant",
                confidence=mention.confidence if mention.confidence is not Confidence.CERTAIN else Confidence.LIKELY,
                understood=mention.understood(),
            )


def _elsewhere(mention: Mention, schema: str, ours: Collection[str]) -> bool:
    """`client.next_event(3)` is a call of another language, unless the page says that it is a function."""
    called = f"{mention.name}(" in mention.sentence
    return bool(schema) and schema not in ours and called and not re.search(r"fun[ck]tion|SELECT", mention.sentence, re.I)


def _calls(estate: Estate, known: Repository) -> Iterator[_Call]:
    for statement, _ in known.uses():
        if not re.search(r"\bpgtap\b", statement.file.text, re.I):
            yield from _calls_in(statement)
    fenced = {
        (script.file.path, script.file.first_line + row)
        for script in known.snippets
        for row in range(len(script.file.lines))
    }
    for command in typed(estate):
        place = command.place
        if (place.path, place.line) not in fenced:
            for statement in read_script(TextFile(place.path, command.text, place.line, place.column - 1)).statements:
                yield from _calls_in(statement)


def _calls_in(statement: Statement) -> Iterator[_Call]:
    for call in nodes(statement.node, ast.FuncCall):
        yield _Call(*dotted(call.funcname), statement.at(call.location))
    if isinstance(statement.node, ast.CreateTrigStmt | ast.CreateEventTrigStmt):
        schema, name = dotted(statement.node.funcname)
        written = re.search(
            rf"\b(?:FUNCTION|PROCEDURE)\s+({re.escape(schema)}\.)?{re.escape(name)}\b", statement.text, re.I
        )
        at = statement.start + written.start() if written and statement.base is not None else statement.start
        yield _Call(schema, name, statement.file.place(at, at + len(written[0]) if written else None), True)


def _misspelt(call: _Call) -> str:
    """PostgreSQL's own function that is meant; others may be called alike by intent, these prefixes are PostgreSQL's."""
    own = call.name.startswith(
        ("pg_", "json_", "jsonb_", "generate_", "gen_random", "row_to", "array_", "string_", "regexp_")
    )
    return _nearest(call.name, builtin()) if own and not call.schema else ""


def _nearest(name: str, known: frozenset[str]) -> str:
    return next(
        iter(get_close_matches(name, [one for one in known if abs(len(one) - len(name)) < 3], n=1, cutoff=0.85)), ""
    )


RULE = ValidationRule("SQ032", "function-undefined", "A function is called that nobody defines.", Severity.WARNING, check)
