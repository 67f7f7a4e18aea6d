"""What the database says of itself: an own witness of the NOTIFY queue, and the SQL that expectations ask for."""

from __future__ import annotations

import asyncio
import math
from typing import ClassVar

import psycopg

from harness.errors import Unavailable
from harness.observe import postgres
from harness.observe.base import Context
from harness.observe.kept import without_secrets
from harness.observe.pace import paced
from harness.observe.samplings import Asked
from harness.record.rows import Sample

QUEUE_USAGE = Asked("database/pg_notification_queue_usage", "sql", "SELECT pg_notification_queue_usage()", 1.0)
LONGEST = 5.0
PAUSE = 0.5


class Observer:
    """Each sampling on a connection of its own, so that a slow statement does not hide the queue."""

    source: ClassVar[str] = "database"
    patience: ClassVar[float] = 3.5

    def __init__(self) -> None:
        self._refused: dict[str, str] = {}

    async def run(self, context: Context) -> None:
        """Sample until cancelled."""
        async with asyncio.TaskGroup() as group:
            for asked in (QUEUE_USAGE, *(asked for asked in context.asked if asked.how == "sql")):
                group.create_task(self._repeat(asked, context), name=asked.name)

    async def _repeat(self, asked: Asked, context: Context) -> None:
        while True:
            try:
                async with postgres.connect(context.target, "database") as connection:
                    async for _ in paced(asked.every):
                        await self._sample(asked, connection, context)
            except (*postgres.FAILURES, Unavailable) as error:
                if asked is QUEUE_USAGE:
                    context.currency.failed(without_secrets(f"{type(error).__name__}: {' '.join(str(error).split())}"))
            await asyncio.sleep(PAUSE)

    async def _sample(
        self, asked: Asked, connection: psycopg.AsyncConnection[tuple[object, ...]], context: Context
    ) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                cursor = await connection.execute(asked.text.encode())  # the runbook's own SQL, read only
                rows = await cursor.fetchall()
        except (psycopg.ProgrammingError, psycopg.DataError, psycopg.errors.ReadOnlySqlTransaction) as error:
            await self._refuse(asked, " ".join(str(error).split()), context)
            return
        at = context.clock()
        names = [column.name for column in cursor.description or ()]
        for row in rows:
            value = number(row[0])
            if value is not None:
                labels = {name: str(part) for name, part in zip(names[1:], row[1:], strict=True)}
                await context.write(Sample(at, asked.name, labels, value))
        if asked is QUEUE_USAGE:
            context.saw()

    async def _refuse(self, asked: Asked, reason: str, context: Context) -> None:
        if self._refused.get(asked.name) != reason:
            self._refused[asked.name] = reason
            await context.note("warning", f"The database refuses the statement '{asked.name}': {reason}")


def number(value: object) -> float | None:
    """A value of SQL as a number; None where it is NULL, not a number, or NaN."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return None if math.isnan(found) else found
