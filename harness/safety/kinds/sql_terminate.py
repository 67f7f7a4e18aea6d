"""`sql-terminate`: database sessions of ours, known by application_name, are ended and their transactions with them."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg

from harness.safety.restore import NotRestored
from harness.safety.undo import Entry
from harness.target.base import Target

DSN_VARIABLE = "GENERALPROBE_DATABASE_DSN"


def restore(entry: Entry) -> str:
    """End the sessions, or find that they ended with their process. Raises NotRestored where neither can be known.

    The journal holds no credentials: the address comes from the target's file, else from GENERALPROBE_DATABASE_DSN.
    """
    dsn = _dsn(entry)
    if dsn is not None:
        try:
            return terminate(dsn, entry.object["application_name"])
        except psycopg.Error:
            pass  # the process below may answer the question without the database
    if not entry.owner_lives:
        return "the process that held the sessions has ended, and they with it"
    raise NotRestored(f"the database cannot be asked; set {DSN_VARIABLE} or end process {entry.pid}.")


def terminate(dsn: str, application_name: str, wait_ms: int = 5000) -> str:
    """End every session of that name but our own and wait until it is gone. Raises psycopg.Error, NotRestored."""
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5, application_name="generalprobe-undo") as db:
        rows = db.execute(
            "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity "
            "WHERE application_name = %s AND pid <> pg_backend_pid()",
            (wait_ms, application_name),
        ).fetchall()
    if not all(ended for (ended,) in rows):
        raise NotRestored(f"a session '{application_name}' did not end within {wait_ms} ms.")
    return f"{len(rows)} sessions were ended" if rows else "no session is left"


def _dsn(entry: Entry) -> str | None:
    file = entry.cluster.get("target_file")
    if file and Path(file).is_file():
        try:
            return Target.read(Path(file)).database_dsn
        except (OSError, ValueError):
            pass
    return os.environ.get(DSN_VARIABLE)
