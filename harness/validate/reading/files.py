"""Paths -> texts. Whatever cannot be read is told with its place; nothing is skipped in silence."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import BadInput
from harness.validate.artefacts import Found, Skipped, Unreadable
from harness.validate.text import Place, TextFile

MOST_BYTES = 4_000_000
"""Larger files are no runbooks, rules or manifests."""

_SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".venv", "venv", "node_modules", "target", "__pycache__", ".tox", ".mypy_cache"}
)
_SUFFIXES = frozenset({".yaml", ".yml", ".md", ".markdown", ".sql", ".ics", ".rules", ".json", ".tpl", ".txt", ""})


def read_files(paths: Sequence[Path], found: Found) -> Iterator[TextFile]:
    """Every text below `paths` in order of name; `-` is standard input. Raises BadInput where a path does not exist."""
    missing = [path for path in paths if str(path) != "-" and not path.exists()]
    if missing:
        raise BadInput(f"There is no file or folder {', '.join(map(str, missing))}; check the path.")
    for path in paths:
        if str(path) == "-":
            yield TextFile(Path("<stdin>"), sys.stdin.read())
        else:
            for file in _files(path, found):
                if (text := _read(file, found)) is not None:
                    yield TextFile(file, text)


def _files(path: Path, found: Found) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        for name in sorted(files):
            file = Path(folder) / name
            if file.suffix.lower() in _SUFFIXES:
                yield file


def _read(path: Path, found: Found) -> str | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            found.skipped.append(Skipped(Place(path, 1), f"it is larger than {MOST_BYTES // 1_000_000} MB"))
            return None
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        found.unreadable.append(
            Unreadable(Place(path, 1), f"This is not UTF-8 text (byte {error.start})", "Save it as UTF-8")
        )
    except OSError as error:
        found.unreadable.append(Unreadable(Place(path, 1), f"This cannot be read: {error.strerror}", "Check its rights"))
    return None
