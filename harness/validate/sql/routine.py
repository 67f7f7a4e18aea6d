"""Functions, procedures and DO blocks: what they are and the SQL within them, each piece with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pglast import ast, parse_plpgsql, parse_sql
from pglast.parser import ParseError

from harness.validate.sql.depth import too_deep
from harness.validate.sql.script import Problem, Statement, where
from harness.validate.sql.tree import dotted, options

_MARKER = "rehearse_mark"


@dataclass(frozen=True, slots=True, eq=False)
class Routine:
    """A function, a procedure, or (name '') a DO block.

    `parts`: statements and expressions (as SELECT) of its body; `least`, `most`: how many arguments a call has;
    `commits`: the offsets in the file at which it ends a transaction.
    """

    statement: Statement
    schema: str
    name: str
    language: str
    body: str
    offset: int | None
    least: int
    most: int
    returns: str
    parts: tuple[Statement, ...]
    problems: tuple[Problem, ...]
    commits: tuple[int, ...] = ()

    @property
    def is_trigger(self) -> bool:
        """Whether it returns `trigger`."""
        return self.returns == "trigger"


def routine_of(statement: Statement) -> Routine | None:
    """The routine that a statement creates or, for DO, is."""
    node = statement.node
    if isinstance(node, ast.CreateFunctionStmt):
        schema, name = dotted(node.funcname)
        given = options(node.options)
        returns = dotted(node.returnType.names)[1] if node.returnType is not None else ""
        taken = [one for one in node.parameters or () if one.mode.name not in ("FUNC_PARAM_OUT", "FUNC_PARAM_TABLE")]
        least = sum(1 for one in taken if one.defexpr is None and one.mode.name != "FUNC_PARAM_VARIADIC")
        endless = any(one.mode.name == "FUNC_PARAM_VARIADIC" for one in taken)
        most = 100 if endless else len(taken)
    elif isinstance(node, ast.DoStmt):
        schema, name, given, returns, least, most = "", "", options(node.args), "", 0, 0
    else:
        return None
    language = str(given["language"].arg.sval).lower() if "language" in given else ("sql" if name else "plpgsql")
    written = given.get("as")
    arg = written.arg if written is not None else None
    strings = arg if isinstance(arg, tuple | list) else (arg,) if arg is not None else ()
    body = str(strings[0].sval) if strings and isinstance(strings[0], ast.String) else ""
    offset = _offset(statement, written, body) if body else None
    parts: tuple[Statement, ...] = ()
    problems: list[Problem] = []
    commits: list[int] = []
    if too_deep(body):
        language = "unread"
    elif language == "sql" and body:
        parts = tuple(_sql(statement, body, offset, problems))
    elif language == "plpgsql" and body:
        parts = tuple(_plpgsql(statement, body, offset, problems, commits))
    return Routine(
        statement, schema, name, language, body, offset, least, most, returns, parts, tuple(problems), tuple(commits)
    )


def _offset(statement: Statement, written: Any, body: str) -> int | None:
    """Where the body's first character stands in the file; None where quotes are doubled in it."""
    start = (statement.base or 0) + max(written.location or 0, 0)
    for opening in re.finditer(r"\$\w*\$|'", statement.file.text[start : statement.end]):
        at = start + opening.end()
        return at if statement.text.startswith(body, at - statement.start) else None
    return None


def _sql(statement: Statement, body: str, offset: int | None, problems: list[Problem]) -> Iterator[Statement]:
    try:
        for raw in parse_sql(body):
            end = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(body.rstrip())
            yield _part(
                statement, raw.stmt, offset, (raw.stmt_location, end), raw.stmt_location, body[raw.stmt_location : end]
            )
    except ParseError as error:
        problems.append(Problem(_within(statement, offset, where(error)), str(error.args[0])))


def _plpgsql(
    statement: Statement, body: str, offset: int | None, problems: list[Problem], commits: list[int]
) -> Iterator[Statement]:
    try:
        tree = parse_plpgsql(statement.text)
    except ParseError as error:
        says = str(error.args[0])
        # The parser knows no types but PostgreSQL's own: of what else it says, the database is the judge.
        if says.startswith(("syntax error", "mismatched parentheses", "missing", "unterminated")):
            problems.append(Problem(_within(statement, offset, _guilty(statement, body, says)), says))
        return
    except (ValueError, RecursionError):
        return
    starts = [0, *(match.end() for match in re.finditer("\n", body))]
    for query, mode, line, target in _expressions(tree):
        begin = starts[min(max(line - 1, 0), len(starts) - 1)]
        if mode < 0:
            commits.append(_within(statement, offset, begin))
        else:
            yield from _expression(statement, body, offset, query, mode, begin, target)


def _expressions(tree: Any) -> Iterator[tuple[str, int, int, str]]:
    """(text, parse mode, line in the body, variable it is the default of) of every piece of SQL.

    COMMIT and ROLLBACK have mode -1.
    """
    waiting: list[tuple[Any, int, str]] = [(tree, 1, "")]
    while waiting:
        node, line, target = waiting.pop()
        if isinstance(node, list):
            waiting.extend((item, line, target) for item in reversed(node))
        elif isinstance(node, dict):
            line = node["lineno"] if isinstance(node.get("lineno"), int) and node["lineno"] > 0 else line
            if isinstance(node.get("query"), str):
                yield node["query"], node.get("parseMode", 0), line, target
                continue
            for key, item in reversed(node.items()):
                if key in ("PLpgSQL_stmt_commit", "PLpgSQL_stmt_rollback"):
                    yield "", -1, item.get("lineno", line), ""
                waiting.append((item, line, str(node.get("refname", "")) if key == "default_val" else target))


def _expression(
    statement: Statement, body: str, offset: int | None, query: str, mode: int, begin: int, target: str
) -> Iterator[Statement]:
    performed = mode == 0 and query.startswith("SELECT ") and body.find(query, begin) < 0
    # PERFORM is handed over as SELECT; a bare expression or an assignment becomes a SELECT here.
    cut, put = (6, "SELECT") if performed else (0, "") if mode == 0 else (0, "SELECT ")
    if mode > 2:
        assigned = re.match(r"([^:=]*):?=", query)
        cut, target = (assigned.end(), assigned[1].strip().lower()) if assigned else (0, "")
    needle = query[cut:]
    at = body.find(needle, begin)
    at = body.find(needle) if at < 0 else at
    try:
        trees = parse_sql(put + needle)
    except ParseError:
        return
    for raw in trees:
        known = offset if at >= 0 else None
        into = getattr(raw.stmt, "intoClause", None)
        name = into.rel.relname if into is not None else target
        yield _part(statement, raw.stmt, known, (at, at + len(needle)), len(put), put + needle, name)


def _part(
    statement: Statement,
    node: Any,
    offset: int | None,
    stretch: tuple[int, int],
    put: int,
    text: str,
    target: str = "",
) -> Statement:
    """A piece of a body. `stretch`: in the body; `put`: how much was written before it that is not in the file."""
    if offset is None:
        start, end, base = statement.start, statement.end, None
    else:
        start, end, base = offset + stretch[0], offset + stretch[1], offset + stretch[0] - put
    return Statement(statement.file, node, start, end, text, base, statement.transaction, statement.forward, target=target)


def _within(statement: Statement, offset: int | None, position: int) -> int:
    return statement.start if offset is None else offset + position


def _guilty(statement: Statement, body: str, says: str) -> int:
    """The offset in the body of the word that PL/pgSQL's parser names without its place.

    Each occurrence is replaced by a mark in turn: the parser stumbles over the mark where it stumbled over the word.
    """
    named = re.search(r'at or near "(.*)"', says, re.S)
    if not named:
        return max(len(body.rstrip()) - 1, 0)
    word = named[1]
    spots = [match.start() for match in re.finditer(re.escape(word), body)][:50]
    inside = statement.text.find(body)
    for spot in spots if inside >= 0 else ():
        text = statement.text
        marked = f"{text[: inside + spot]} {_MARKER} {text[inside + spot + len(word) :]}"
        try:
            parse_plpgsql(marked)
        except ParseError as error:
            if _MARKER in str(error.args[0]):
                return spot
    return spots[0] if spots else 0
