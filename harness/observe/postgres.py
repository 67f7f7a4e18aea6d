"""A connection to the database under rehearsal that observes and never disturbs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from harness.errors import Unavailable
from harness.target.base import Target

FAILURES = (psycopg.Error, OSError, TimeoutError)
STATEMENT_TIMEOUT_MS = 3000


@asynccontextmanager
async def connect(target: Target, name: str) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    """Autocommit, so that no transaction stays open; read only; named in pg_stat_activity. Raises FAILURES, Unavailable."""
    if not target.database_dsn:
        raise Unavailable("the target names no database")
    connection = await psycopg.AsyncConnection.connect(
        target.database_dsn,
        autocommit=True,
        application_name=f"generalprobe-{name}",
        connect_timeout=3,
        keepalives_idle=2,
        keepalives_interval=1,
        keepalives_count=3,
        tcp_user_timeout=4000,
    )
    async with connection:
        await connection.execute("SET default_transaction_read_only = on")
        await connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        yield connection
