"""Reading a record, finished or still being written. A reader never writes, also not when the run died."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from harness.errors import BadInput
from harness.record.rows import FILE_NAME, TABLES, Json, Mark, Meta, Row

R = TypeVar("R", bound=Row)


class RecordReader:
    """An open record, read only."""

    def __init__(self, run: Path) -> None:
        """Open the record in the folder `run` (or the file itself). Raises BadInput where there is none."""
        path = run if run.is_file() else run / FILE_NAME
        if not path.is_file():
            raise BadInput(f"There is no record in {run}; `rehearse runs` lists what there is.")
        try:
            self._db = _open(path)
        except sqlite3.Error as error:
            raise BadInput(f"{path} is not a readable record: {error}.") from None
        self.path = path

    def rows(self, kind: type[R], where: str = "1", arguments: tuple[object, ...] = ()) -> Iterator[R]:
        """Rows of one table in the order in which they were written. `where` is SQL over the columns. Raises BadInput."""
        names = [field.name for field in fields(kind)]
        json_at = {i for i, field in enumerate(fields(kind)) if field.type in ("Json", Json)}
        bool_at = {i for i, field in enumerate(fields(kind)) if "bool" in str(field.type)}
        table = next(name for row, name in TABLES.items() if row is kind)
        columns = ", ".join(f'"{name}"' for name in names)
        statement = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY rowid"
        for raw in self.each(statement, arguments):
            values = list(raw)
            for i in json_at:
                values[i] = json.loads(values[i])
            for i in bool_at:
                values[i] = None if values[i] is None else bool(values[i])
            yield kind(*values)

    def meta(self, key: str) -> Json | None:
        """The last value written for `key`, or None."""
        found = list(self.rows(Meta, "key = ?", (key,)))
        return found[-1].value if found else None

    def mark(self, name: str) -> Mark | None:
        """The first moment of that name as it really came, or None where it never came."""
        return next(self.rows(Mark, "name = ?", (name,)), None)

    def select(self, statement: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """A SELECT of the caller's own over the tables, for aggregates that SQL does better."""
        try:
            return self._db.execute(statement, arguments).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._damage(error) from None

    def each(self, statement: str, arguments: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """As `select`, one answer after the other: for answers that are too large to be held at once."""
        try:
            yield from self._db.execute(statement, arguments)
        except sqlite3.DatabaseError as error:
            raise self._damage(error) from None

    def _damage(self, error: sqlite3.DatabaseError) -> Exception:
        if type(error) is not sqlite3.DatabaseError:  # its subclasses say that the statement was wrong, not the file
            return error
        return BadInput(f"{self.path} is damaged: {error}; what the run saw cannot be judged from it.")

    def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _open(path: Path) -> sqlite3.Connection:
    """Read only. In a folder that cannot be written, SQLite cannot share a WAL; a record that is complete needs none."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        return _connected(address)
    except sqlite3.OperationalError:
        wal = path.with_name(f"{path.name}-wal")
        if path.stat().st_size == 0 or (wal.exists() and wal.stat().st_size):
            raise
        return _connected(f"{address}&immutable=1")


def _connected(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, timeout=30, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM meta").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
