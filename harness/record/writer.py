"""Appending to a record. Several processes may write to one record at the same time; nothing is ever changed."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path
from types import TracebackType
from typing import Self, get_type_hints

from harness.errors import Unavailable
from harness.record.rows import FILE_NAME, TABLES, Json, Row

_INDEXES = (
    "CREATE INDEX IF NOT EXISTS watch_by_kind ON watch (kind, at)",
    "CREATE INDEX IF NOT EXISTS samples_by_name ON samples (name, at)",
    "CREATE INDEX IF NOT EXISTS heartbeats_by_source ON heartbeats (source, at)",
    "CREATE INDEX IF NOT EXISTS requests_by_second ON requests (second)",
)


class RecordWriter:
    """An open record. Rows are durable against the death of any process once `add` or `add_all` returns."""

    def __init__(self, run: Path) -> None:
        """Open (or begin) the record in the folder `run`. Raises Unavailable where it cannot be written."""
        self._lock = threading.Lock()
        try:
            run.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                run / FILE_NAME, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            # All tables or none: who is killed in between leaves no record that lacks some of them.
            self._db.execute("BEGIN IMMEDIATE")
            for kind in TABLES:
                self._db.execute(_create(kind))
            for statement in _INDEXES:
                self._db.execute(statement)
            self._db.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"The record in {run} cannot be written: {error}; choose another --runs folder.") from None
        self._run = run

    def add(self, row: Row) -> None:
        """Append one row."""
        self.add_all((row,))

    def add_all(self, rows: Iterable[Row]) -> None:
        """Append rows in one transaction. Raises Unavailable where they cannot be written; then none of them is."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for row in rows:
                    self._db.execute(_INSERTS[type(row)], _values(row))
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._roll_back()
                raise Unavailable(f"The record in {self._run} cannot be written: {error}; make room on its disk.") from None
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        # A full disk has SQLite roll back by itself; and a second error must not hide the first.
        if self._db.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _create(kind: type[Row]) -> str:
    types = {int: "INTEGER", float: "REAL", bytes: "BLOB"}
    hints = get_type_hints(kind)
    columns = ", ".join(f'"{field.name}" {types.get(hints[field.name], "")}'.strip() for field in fields(kind))
    return f"CREATE TABLE IF NOT EXISTS {TABLES[kind]} ({columns})"


_INSERTS = {kind: f"INSERT INTO {table} VALUES ({', '.join('?' for _ in fields(kind))})" for kind, table in TABLES.items()}
_JSON_FIELDS = {kind: {field.name for field in fields(kind) if field.type in ("Json", Json)} for kind in TABLES}


def _values(row: Row) -> tuple[object, ...]:
    json_fields = _JSON_FIELDS[type(row)]
    if not json_fields:
        return astuple(row)
    return tuple(
        json.dumps(getattr(row, field.name), separators=(",", ":"), default=str)
        if field.name in json_fields
        else getattr(row, field.name)
        for field in fields(row)
    )
