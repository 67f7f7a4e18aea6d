"""From many observers into one record: rows are gathered for a moment and written together, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from harness.record.rows import Row
from harness.record.writer import RecordWriter


class Sink:
    """Gathers rows for at most `delay` seconds. Holds at most about `limit` rows: who brings more has to wait."""

    def __init__(self, writer: RecordWriter, delay: float = 0.2, limit: int = 10_000) -> None:
        self._writer = writer
        self._delay = delay
        self._limit = limit
        self._rows: list[Row] = []
        self._filled = asyncio.Event()
        self._closing = asyncio.Event()
        self._room = asyncio.Condition()
        self._one_at_a_time = asyncio.Lock()

    async def put(self, rows: Iterable[Row]) -> None:
        """Take rows; they are in the record shortly after."""
        for row in rows:
            if len(self._rows) >= self._limit:
                async with self._room:
                    await self._room.wait_for(lambda: len(self._rows) < self._limit)
            self._rows.append(row)
        if self._rows:
            self._filled.set()

    async def put_durably(self, rows: Iterable[Row]) -> None:
        """Take rows; they are in the record when this returns. Raises Unavailable where they cannot be written."""
        await self.put(rows)
        await self.flush()

    async def flush(self) -> None:
        """Write what is there. Rows that could not be written are kept for the next try."""
        async with self._one_at_a_time:
            batch, self._rows = self._rows, []
            self._filled.clear()
            if batch:
                try:
                    await asyncio.to_thread(self._writer.add_all, batch)
                except Exception:
                    self._rows[:0] = batch
                    raise
        async with self._room:
            self._room.notify_all()

    async def run(self) -> None:
        """Write until `close`. Raises Unavailable when the record cannot be written any more."""
        while not (self._closing.is_set() and not self._rows):
            await self._filled.wait()
            if len(self._rows) < self._limit // 2 and not self._closing.is_set():
                await asyncio.sleep(self._delay)
            await self.flush()

    def close(self) -> None:
        """`run` returns once everything is written."""
        self._closing.set()
        self._filled.set()
