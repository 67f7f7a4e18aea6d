"""A throw-away PostgreSQL for one validate run, and sessions in it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from harness.errors import Unavailable

_START_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens (a folder with its socket), and the superuser's name and password."""

    host: str
    user: str
    password: str

    def connect(self, database: str = "postgres", user: str = "", password: str = "") -> psycopg.Connection[Any]:
        """A session in autocommit mode; the superuser's unless a user is given."""
        return psycopg.connect(
            host=self.host,
            port=5432,
            dbname=database,
            user=user or self.user,
            password=password or self.password,
            autocommit=True,
            connect_timeout=10,
            prepare_threshold=None,
        )


@contextmanager
def throw_away() -> Iterator[Server]:
    """A server that is gone with its folder afterwards, also when we are killed. Raises Unavailable."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "harness.validate.sql.keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Ctrl-C is for us: the keeper ends when its standard input does.
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        told = _told(keeper)
        if "error" in told:
            raise Unavailable(told["error"])
        yield Server(told["host"], told["user"], told["password"])
    finally:
        for pipe in (keeper.stdin, keeper.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            keeper.wait(15)


def _told(keeper: subprocess.Popen[bytes]) -> dict[str, str]:
    assert keeper.stdout is not None
    if select.select([keeper.stdout], [], [], _START_SECONDS)[0]:
        line = keeper.stdout.readline()
        if line:
            found: dict[str, str] = json.loads(line)
            return found
    raise Unavailable("PostgreSQL did not start in time")


@contextmanager
def database(server: Server, name: str) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """(a superuser's session, its owner's session) in a new database; gone afterwards, with the roles made meanwhile.

    The owner is no superuser: no programs, no files of the server, no network.
    """
    with server.connect() as admin:
        before = _roles(admin)
        admin.execute(
            sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER CREATEROLE PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(server.password)
            )
        )
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(name)))
        try:
            with server.connect(name) as inside, server.connect(name, name, server.password) as owner:
                yield inside, owner
        finally:
            with suppress(psycopg.Error):
                admin.execute(sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(name)))
                for role in _roles(admin) - before:
                    admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def _roles(admin: psycopg.Connection[Any]) -> set[str]:
    return {str(row[0]) for row in admin.execute("SELECT rolname FROM pg_roles")}
