"""The system's own SQL, applied in order to the embedded database before anything is deployed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psycopg

from harness.errors import BadInput, Position, Problem, Unavailable
from harness.source import read_text


def sql_files(paths: Sequence[Path]) -> list[Path]:
    """The SQL files of files and folders, in order of name within a folder. Raises BadInput where there is none."""
    found: list[Path] = []
    for path in paths:
        files = sorted(path.glob("*.sql")) if path.is_dir() else [path]
        if not files:
            raise BadInput(f"There is no .sql file in {path}; check `system.sql` of the rehearsal.")
        found += files
    return found


def apply_sql(dsn: str, paths: Sequence[Path]) -> list[Path]:
    """Apply each file as one script. Returns the files. Raises BadInput with the line where one does not apply."""
    files = sql_files(paths)
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
            for path in files:
                _apply(connection, path)
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {str(error).splitlines()[0]}.") from None
    return files


def _apply(connection: psycopg.Connection[tuple[object, ...]], path: Path) -> None:
    text = read_text(path)
    try:
        connection.execute(text.encode())
    except psycopg.errors.Error as error:
        if error.diag.message_primary is None:
            raise
        at = int(error.diag.statement_position or 1)
        position = Position(path, text.count("\n", 0, at - 1) + 1)
        raise BadInput([Problem(f"This SQL does not apply: {error.diag.message_primary}", position)]) from None
