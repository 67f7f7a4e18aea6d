"""Filling PostgreSQL's NOTIFY queue: the actions and probes of chaos/flood-notify.yaml.

The queue is one for the whole server (max_notify_queue_pages, 8 GB by default) and shrinks only as far as its slowest
listener has read; a listener reads nothing while its transaction is open.
https://www.postgresql.org/docs/18/sql-notify.html
"""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from harness.errors import BadInput, Inconclusive, Unavailable
from harness.safety.kinds.sql_terminate import terminate
from harness.safety.restore import NotRestored
from harness.safety.undo import Entry, UndoJournal

Secrets = dict[str, Any]

BATCH = 250
"""NOTIFYs per transaction. A commit that notifies holds one lock for the whole server until it is done (async.c,
PreCommit_Notify), so other commits wait for at most one batch: about a millisecond."""

PAUSE_SECONDS = 0.005
"""Between batches, so that commits that wait for that lock get it before we ask again."""


@dataclass(frozen=True, slots=True)
class Held:
    """The open transaction of a listener, and the undo that was written before it was opened."""

    connection: psycopg.Connection[Any]
    journal: UndoJournal
    entry: Entry


# chaostoolkit hands nothing from one activity to the next, and runs one experiment per process: the connection that
# must stay open between them is kept here. It dies with the process.
_HELD: list[Held] = []


def usage(secrets: Secrets | None = None) -> float:
    """The share of the NOTIFY queue in use, 0..1. Raises Unavailable."""
    with _connect(secrets, "generalprobe-usage") as db:
        return _usage(db)


def hold_open(channel: str, secrets: Secrets | None = None) -> dict[str, Any]:
    """LISTEN, then open a transaction and leave it open. The undo is journalled first. Raises Unavailable."""
    name = f"generalprobe-flood-{uuid.uuid4().hex[:12]}"
    journal = UndoJournal(os.environ.get("GENERALPROBE_TARGET", "by-hand"))
    entry = Entry(
        kind="sql-terminate",
        object={"name": name, "application_name": name},
        original={},
        why="a transaction is held open so that the NOTIFY queue fills; it also ends with its process",
        run=os.environ.get("GENERALPROBE_RUN", "chaos run"),
        cluster={"target_file": os.environ.get("GENERALPROBE_TARGET_FILE", "")},
    )
    with journal.change(entry):
        connection = _connect(secrets, name)
        _HELD.append(Held(connection, journal, entry))
        # A server that ends idle transactions by itself would end the fault early.
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        # Plain READ COMMITTED: between statements it holds no snapshot, so vacuum goes on.
        connection.execute("BEGIN")
        connection.execute("SELECT 1")
    return {"application_name": name}


def flood(
    channel: str,
    until: str = "limit",
    target_usage: float = 0.7,
    max_notifies: int = 50_000,
    max_seconds: float = 30.0,
    secrets: Secrets | None = None,
) -> dict[str, Any]:
    """NOTIFY in small transactions until the queue refuses a single one (`limit`) or is used to `target_usage` (`target`).

    Stops at `max_notifies` or `max_seconds` in any case. Returns {"sent", "refused", "usage", "stopped_by"}.
    """
    if until not in ("limit", "target"):
        raise BadInput(f"'until' must be 'limit' or 'target', got '{until}'.")
    token, sent, refused, size = uuid.uuid4().hex[:8], 0, False, BATCH
    deadline = time.monotonic() + max_seconds
    with _connect(secrets, "generalprobe-flood-writer") as db:
        # The lock of a notifying commit is held across its flush to disk unless the commit is asynchronous.
        db.execute("SET synchronous_commit = off")
        while True:
            used = _usage(db)
            if until == "target" and used >= target_usage:
                stopped_by = "target"
                break
            if sent >= max_notifies or time.monotonic() >= deadline:
                stopped_by = "max_notifies" if sent >= max_notifies else "max_seconds"
                break
            size = min(size, max_notifies - sent)
            try:
                # Equal payloads of one transaction would be sent once: each carries its number.
                db.execute(
                    "SELECT pg_notify(%s, %s || n) FROM generate_series(%s::int, %s::int) AS n",
                    (channel, f"{token}-", sent + 1, sent + size),
                )
                sent += size
            except psycopg.errors.ProgramLimitExceeded:
                refused = True
                if size == 1:
                    stopped_by = "limit"
                    break
                size //= 2
            except psycopg.Error as error:
                raise Unavailable(f"The flood was broken off after {sent} NOTIFYs: {_sentence(error)}") from None
            time.sleep(PAUSE_SECONDS)
    return {"sent": sent, "refused": refused, "usage": used, "stopped_by": stopped_by}


def usage_above(target_usage: float, secrets: Secrets | None = None) -> dict[str, Any]:
    """Whether the queue is used above the target while our transaction is held: {"seen", "usage"}."""
    used = usage(secrets)
    return {"seen": bool(_HELD) and used > target_usage, "usage": used}


def hold(seconds: float, target_usage: float, secrets: Secrets | None = None) -> dict[str, Any]:
    """Keep the queue full for a while; not at all where it never filled. Returns {"held_seconds", "lowest_usage"}.

    Raises Inconclusive where the queue emptied before the time was over: then the fault did not last as planned.
    """
    started = time.monotonic()
    with _connect(secrets, "generalprobe-usage") as db:
        lowest = _usage(db)
        if lowest <= target_usage:
            return {"held_seconds": 0.0, "lowest_usage": lowest}
        while (passed := time.monotonic() - started) < seconds:
            time.sleep(min(0.5, seconds - passed))
            lowest = min(lowest, _usage(db))
            if lowest <= target_usage:
                raise Inconclusive(
                    f"The queue fell to {lowest:.0%} after {passed:.1f} s of {seconds:g} s: its listener was ended."
                )
    return {"held_seconds": round(time.monotonic() - started, 3), "lowest_usage": lowest}


def release(secrets: Secrets | None = None) -> dict[str, Any]:
    """End the held transaction and see that its session is gone. Nothing to do where none is held. Raises NotRestored."""
    said = []
    for held in reversed(_HELD):
        held.connection.close()
        try:
            found = terminate((secrets or {}).get("dsn") or "", held.entry.object["application_name"])
        except psycopg.Error as error:
            raise NotRestored(f"Whether the session is gone cannot be seen: {_sentence(error)}") from None
        held.journal.close(held.entry.id, found)
        _HELD.remove(held)
        said.append(found)
    return {"released": said}


def usage_below(usage_limit: float, within_seconds: float, secrets: Secrets | None = None) -> dict[str, Any]:
    """Whether the queue empties in time, now that nobody holds it: {"seen", "usage", "after_seconds"}."""
    started = time.monotonic()
    with _connect(secrets, "generalprobe-usage") as db:
        while True:
            used, passed = _usage(db), time.monotonic() - started
            if used < usage_limit or passed >= within_seconds:
                return {"seen": used < usage_limit, "usage": used, "after_seconds": round(passed, 3)}
            time.sleep(0.1)


def _usage(db: psycopg.Connection[Any]) -> float:
    row = db.execute("SELECT pg_notification_queue_usage()").fetchone()
    return float(row[0]) if row else 0.0


def _connect(secrets: Secrets | None, name: str) -> psycopg.Connection[Any]:
    dsn = (secrets or {}).get("dsn") or ""
    try:
        connection = psycopg.connect(dsn, autocommit=True, connect_timeout=5, application_name=name)
        # A query of ours that waits for a lock must not outlive the fault.
        connection.execute("SET statement_timeout = '20s'")
    except psycopg.Error as error:
        raise Unavailable(f"The database cannot be reached: {_sentence(error)}") from None
    return connection


def _sentence(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error).strip().splitlines()[-1]).rstrip(".") + "."
