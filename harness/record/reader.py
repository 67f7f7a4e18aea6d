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
            self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30, check_same_thread=False)
            self._db.execute("SELECT count(*) FROM meta").fetchone()
        except sqlite3.Error as error:
            raise BadInput(f"{path} is not a readable record: {error}.") from None
        self.path = path

    def rows(self, kind: type[R], where: str = "1", arguments: tuple[object, ...] = ()) -> Iterator[R]:
        """Rows of one table in the order in which they were written. `where` is SQL over the columns."""
        names = [field.name for field in fields(kind)]
        json_at = {i for i, field in enumerate(fields(kind)) if field.type in ("Json", Json)}
        bool_at = {i for i, field in enumerate(fields(kind)) if "bool" in str(field.type)}
        table = next(name for row, name in TABLES.items() if row is kind)
        columns = ", ".join(f'"{name}"' for name in names)
        statement = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY rowid"
        for raw in self._db.execute(statement, arguments):
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
        return self._db.execute(statement, arguments).fetchall()

    def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
