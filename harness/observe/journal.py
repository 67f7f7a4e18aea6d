"""The committed side of the ledger: the event journal, and the notifications that the harness itself hears."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from harness.observe.base import Context
from harness.record.rows import LedgerEntry

EVERY = 1.0
BATCH = 500
SILENT = 5.0
LOOKBACK = 1000


@dataclass(frozen=True, slots=True)
class LedgerNames:
    """What the system under rehearsal calls the parts of its ledger. The defaults are the reference CRM's."""

    schema: str = "integration"
    table: str = "event_journal"
    id: str = "id"
    event_id: str = "event_id"
    territory: str = "territory"
    created_at: str = "created_at"
    transaction: str = "xid"
    channel: str = "crm_events"
    selector: str = "app.kubernetes.io/component=queries"
    territory_label: str = "territory"
    port: int = 8080
    path: str = "/ledger"


Connection = psycopg.AsyncConnection[tuple[object, ...]]

_COLUMNS = "j.{id}, j.{event_id}::text, j.{territory}, extract(epoch FROM j.{created_at})::float8"
# One statement is one snapshot: what it returns and the snapshot from which the next read goes on cannot disagree.
_BY_TRANSACTION = (
    "SELECT now.snapshot::text, " + _COLUMNS + " FROM (SELECT pg_current_snapshot() AS snapshot) AS now"
    " LEFT JOIN {table} AS j ON j.{transaction} >= pg_snapshot_xmin(%(since)s::pg_snapshot)"
    " AND NOT pg_visible_in_snapshot(j.{transaction}, %(since)s::pg_snapshot) ORDER BY j.{id}"
)
_BY_ID = (
    "SELECT now.snapshot::text, " + _COLUMNS + " FROM (SELECT pg_current_snapshot() AS snapshot) AS now"
    " LEFT JOIN {table} AS j ON j.{id} > %(floor)s AND j.{created_at} >= %(started)s ORDER BY j.{id}"
)
_HAS_COLUMN = (
    "SELECT count(*) FROM information_schema.columns"
    " WHERE table_schema = %s AND table_name = %s AND column_name = %s AND data_type = 'xid8'"
)


class Journal:
    """Reads what was committed since it was first asked, each event once, through outages of the database.

    Ids are handed out before the commit, so a lower id can appear after a higher one. Where each row carries its
    transaction (an xid8 column), a row is news exactly when its transaction was not visible in the last snapshot. Where
    it does not, ids are read again until every transaction that could still bring a lower one has ended.
    """

    def __init__(self, names: LedgerNames) -> None:
        self._names = names
        self._snapshot: str | None = None
        self._started: object = None
        self._by_transaction = False
        self._floor = 0
        self._marks: deque[tuple[int, int]] = deque()
        self._seen: set[int] = set()

    async def begin(self, connection: Connection) -> None:
        """From here on events count. Only the first call matters."""
        if self._snapshot is None:
            names = self._names
            cursor = await connection.execute(_HAS_COLUMN, (names.schema, names.table, names.transaction))
            (count,) = await cursor.fetchone() or (0,)
            self._by_transaction = bool(count)
            statement = sql.SQL(
                "SELECT pg_current_snapshot()::text, clock_timestamp(), coalesce(max({id}), 0) FROM {table}"
            )
            cursor = await connection.execute(statement.format(**self._identifiers()))
            snapshot, self._started, highest = await cursor.fetchone() or ("", None, 0)
            self._floor = max(0, int(str(highest)) - LOOKBACK)
            self._snapshot = str(snapshot)

    async def news(self, connection: Connection) -> AsyncGenerator[list[LedgerEntry], None]:
        """What was committed since the last complete read, in batches."""
        await self.begin(connection)
        statement = sql.SQL(_BY_TRANSACTION if self._by_transaction else _BY_ID).format(**self._identifiers())
        arguments = {"since": self._snapshot, "floor": self._floor, "started": self._started}
        snapshot, highest = self._snapshot, self._floor
        batch: list[LedgerEntry] = []
        async with connection.cursor() as cursor:
            async for row in cursor.stream(statement, arguments):
                snapshot = str(row[0])
                if row[1] is None:
                    break
                journal_id, event_id, territory, at = int(str(row[1])), str(row[2]), str(row[3]), float(str(row[4]))
                highest = max(highest, journal_id)
                if not self._by_transaction:
                    if journal_id in self._seen:
                        continue
                    self._seen.add(journal_id)
                batch.append(LedgerEntry(at, event_id, journal_id, territory, "committed", ""))
                if len(batch) >= BATCH:
                    yield batch
                    batch = []
        if batch:
            yield batch
        self._snapshot = snapshot
        if not self._by_transaction:
            self._settle(str(snapshot), highest)

    def _settle(self, snapshot: str, highest: int) -> None:
        """Raise the floor to what can no longer change: all who ran when `highest` was seen have ended."""
        oldest, following = (int(part) for part in snapshot.split(":")[:2])
        self._marks.append((highest, following))
        while self._marks and self._marks[0][1] <= oldest:
            self._floor = max(self._floor, self._marks.popleft()[0] - LOOKBACK)
        self._seen = {journal_id for journal_id in self._seen if journal_id > self._floor}

    def _identifiers(self) -> dict[str, sql.Identifier]:
        names = self._names
        single = {name: sql.Identifier(getattr(names, name)) for name in ("id", "event_id", "territory", "created_at")}
        return {
            **single,
            "transaction": sql.Identifier(names.transaction),
            "table": sql.Identifier(names.schema, names.table),
        }


async def listen(connection: Connection, names: LedgerNames, context: Context, part: str) -> None:
    """Record every notification of the channel until the connection breaks. Asks every second whether it still stands."""
    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(names.channel)))
    unreadable = 0
    while True:
        async with asyncio.timeout(SILENT):
            await connection.execute("SELECT 1")
        context.saw(part)
        async for notice in connection.notifies(timeout=EVERY):
            entry = notified(notice.payload, context.clock())
            if entry:
                await context.write(entry)
            else:
                unreadable += 1
                if unreadable == 1:
                    await context.note("info", f"Notifications on {names.channel} that name no event are not in the ledger")


def notified(payload: str, at: float) -> LedgerEntry | None:
    """A notification's payload {id, type, territory} as a row; its event_id is the journal's to tell. None: no event."""
    try:
        body = json.loads(payload)
        return LedgerEntry(at, str(body.get("event_id", "")), int(body["id"]), str(body["territory"]), "notified", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
