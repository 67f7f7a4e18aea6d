"""Applying the files of each folder to a database of its own, statement by statement."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any

import psycopg
from pglast import ast
from psycopg import sql

from harness.errors import Unavailable
from harness.validate.artefacts import Skipped
from harness.validate.estate import Estate, Settings
from harness.validate.sql.applied import Applied, Failure, Kind
from harness.validate.sql.blame import Known, blame
from harness.validate.sql.making import creates
from harness.validate.sql.order import gap_before
from harness.validate.sql.repetition import claims
from harness.validate.sql.repository import Repository, repository
from harness.validate.sql.script import Script, Statement
from harness.validate.sql.server import Server, database, throw_away
from harness.validate.sql.standins import STAND_INS
from harness.validate.sql.tree import options
from harness.validate.text import Place

STATEMENT_SECONDS = 4.0
TOTAL_SECONDS = 30.0
_RETRIES = 8
_NOT_HERE = (
    ast.CreatedbStmt,
    ast.DropdbStmt,
    ast.AlterDatabaseStmt,
    ast.AlterDatabaseSetStmt,
    ast.CreateTableSpaceStmt,
    ast.AlterSystemStmt,
    ast.CreateSubscriptionStmt,
    ast.LoadStmt,
    ast.CheckPointStmt,
)
"""What changes a server rather than a database."""


@lru_cache(maxsize=4)
def applied(estate: Estate, settings: Settings) -> Applied:
    """Apply all files, once for an estate. Whatever keeps that from being done is told among what was skipped."""
    outcome = Applied()
    if not settings.database:
        return outcome
    known = repository(estate)
    folders = [list(scripts) for _, scripts in groupby(known.scripts, key=lambda script: script.file.path.parent)]
    folders = [scripts for scripts in folders if any(one.forward for script in scripts for one in script.statements)]
    if not folders:
        return outcome
    try:
        with throw_away() as server:
            _apply_all(known, folders, server, outcome)
    except (Unavailable, OSError, psycopg.Error) as error:
        outcome.note = f"SQL was only parsed, not applied to a database: {str(error).splitlines()[0].rstrip('.')}"
    if outcome.note:
        estate.found.skipped.append(Skipped(Place(folders[0][0].file.path, 1), outcome.note))
    return outcome


def _apply_all(known: Repository, folders: list[list[Script]], server: Server, outcome: Applied) -> None:
    deadline = time.monotonic() + TOTAL_SECONDS
    for number, scripts in enumerate(folders):
        with database(server, f"folder_{number}") as (admin, owner):
            one = _Folder(known, scripts, admin, owner, outcome, lambda: deadline - time.monotonic())
            one.run()
        if deadline < time.monotonic():
            outcome.note = f"SQL was not applied in whole: {TOTAL_SECONDS:g} s were over in {scripts[0].file.path.parent}"
            return


@dataclass(slots=True)
class _Folder:
    """The files of one folder on their way into one database."""

    repository: Repository
    scripts: list[Script]
    admin: psycopg.Connection[Any]
    owner: psycopg.Connection[Any]
    outcome: Applied
    left: Callable[[], float]
    known: Known = field(default_factory=Known)

    def run(self) -> None:
        """Once, and the files that say they may be repeated a second time."""
        order = list(self._ordered())
        for statement in (one for script in order for one in script.statements if one.forward):
            for name in creates(statement.node):
                self.known.brings.setdefault(name, []).append(statement)
        gap = gap_before([script.file.path for script in order])
        for script in order:
            # What a number that is missing has made is not here, and what it has made is not known.
            self.known.incomplete |= script.file.path == gap
            self._script(script, False)
        for script in order:
            whole = id(script.file) in self.outcome.files
            if whole and not self.known.incomplete and claims(script):
                self._script(script, True)
                self.outcome.repeated.add(id(script.file))

    def _ordered(self) -> Iterator[Script]:
        """Files in natural order; one that others include comes where it is included."""
        by_name = {script.file.path.name: script for script in self.scripts}
        included = {
            include.target.split("/")[-1] for script in self.scripts for include in script.masked.includes
        } & by_name.keys()
        for script in self.scripts:
            if script.file.path.name not in included or not any(script.file.path.name in by_name for _ in included):
                for include in script.masked.includes:
                    if (inner := by_name.get(include.target.split("/")[-1])) is not None and inner is not script:
                        yield inner
                    elif inner is None:
                        self.known.incomplete = True
                yield script

    def _script(self, script: Script, again: bool) -> None:
        self._quiet("ROLLBACK")
        self._quiet("DISCARD ALL")
        self.known.incomplete |= bool(script.problems)
        whole = not script.problems
        if script.transactional:
            self._quiet("BEGIN")
        for statement in script.statements:
            if self.left() < 0 or self.owner.closed:
                return
            if not statement.forward:
                continue
            if statement.held:
                whole, self.known.incomplete = False, True
                self.known.broken.update(creates(statement.node))
            elif isinstance(statement.node, ast.TransactionStmt):
                if not script.transactional and statement.node.kind.name[11:] in ("BEGIN", "START", "COMMIT", "ROLLBACK"):
                    whole &= self._statement(statement, again, False)
            elif not isinstance(statement.node, _NOT_HERE) and not _streams(statement.node):
                whole &= self._statement(statement, again, bool(script.transactional or statement.transaction))
        if script.transactional:
            self._quiet("COMMIT")
        if whole and not again:
            self.outcome.files.add(id(script.file))

    def _statement(self, statement: Statement, again: bool, guarded: bool) -> bool:
        """Run one. `guarded`: within a transaction, which has to live on when it fails."""
        error = self._try(statement, guarded)
        for _ in range(_RETRIES):
            if error is None or (isinstance(statement.node, ast.CreateExtensionStmt) and self._extension(statement.node)):
                self.known.made.update(creates(statement.node))
                return True
            if again or not self._bring(error):
                break
            error = self._try(statement, guarded)
        if error is None:
            return True
        code, says = error.sqlstate or "", (error.diag.message_primary or str(error)).splitlines()[0]
        if again:
            self.outcome.again.append(Failure(statement, Kind.WRONG, code, says))
            return False
        told = blame(statement, code, says, self.known)
        self.known.broken.update(creates(statement.node))
        if told is not None:
            self.known.incomplete |= told[0] is not Kind.WRONG
            position = int(error.diag.statement_position) - 1 if error.diag.statement_position else None
            self.outcome.failures.append(Failure(statement, told[0], code, says, position, told[1]))
        return False

    def _try(self, statement: Statement, guarded: bool) -> psycopg.Error | None:
        try:
            seconds = min(STATEMENT_SECONDS, max(self.left(), 0.1))
            self.owner.execute(f"SET statement_timeout = {int(seconds * 1000)}".encode())
            if guarded:
                self.owner.execute("SAVEPOINT rehearse_statement")
            text = statement.text.encode()
            if isinstance(statement.node, ast.SelectStmt) and statement.node.intoClause is None:
                # One row tells as much as a million.
                next(iter(self.owner.cursor().stream(text)), None)
            else:
                self.owner.execute(text)
            if guarded:
                self._quiet("RELEASE SAVEPOINT rehearse_statement")
            return None
        except psycopg.Error as error:
            if guarded:
                self._quiet("ROLLBACK TO SAVEPOINT rehearse_statement")
            return error

    def _quiet(self, text: str) -> None:
        try:
            self.owner.execute(text.encode())
        except psycopg.Error:
            return

    def _bring(self, error: psycopg.Error) -> bool:
        """Make what is missing and not the files' to bring: roles, schemas, extensions. Returns whether that was done."""
        says = error.diag.message_primary or ""
        role = re.fullmatch(r'role "(.+)" does not exist', says)
        schema = re.fullmatch(r'schema "(.+)" does not exist', says)
        denied = re.fullmatch(r"permission denied for schema (?!pg_|information_schema)(.+)", says)
        me = sql.Identifier(self.owner.info.user)
        try:
            if role:
                name = sql.Identifier(role[1])
                self.admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
                self.admin.execute(sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(name, me))
                return True
            if denied:
                # Roles that were made here have no rights yet; which they get elsewhere is not said here.
                self.admin.execute(sql.SQL("GRANT ALL ON SCHEMA {} TO PUBLIC").format(sql.Identifier(denied[1])))
                return True
            if schema and schema[1] not in self.known.brings:
                self.admin.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(sql.Identifier(schema[1]), me))
                return True
        except psycopg.Error:
            return False
        return False

    def _extension(self, node: Any) -> bool:
        """Make an extension that the owner may not, or a stand-in for one that is missing. Returns whether it is there."""
        name = str(node.extname)
        schema = options(node.options).get("schema")
        where = sql.Identifier(str(schema.arg.sval) if schema is not None else "public")
        self.known.broken.add(name)
        try:
            self.admin.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(where))
            self.admin.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO PUBLIC").format(where))
            self.admin.execute(sql.SQL("SET search_path = {}, pg_catalog").format(where))
            if name in STAND_INS:
                self.admin.execute((STAND_INS[name] or "SELECT 1").encode())
            else:
                self.admin.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(name)))
        except psycopg.Error:
            return False
        return True


def _streams(node: Any) -> bool:
    """COPY from or to the client."""
    return isinstance(node, ast.CopyStmt) and not node.filename
