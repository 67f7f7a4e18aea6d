"""In which order tools and people apply the files of a folder."""

from __future__ import annotations

import re
from pathlib import PurePath

Key = tuple[tuple[int, int, str], ...]

_VERSIONED = re.compile(r"[VBUR](?P<version>[\d._]*)__", re.I)
_UNDO = re.compile(r"(?:^|[._-])(?:down|undo|rollback|revert)(?:[._-]|$)|^U\d[\d._]*__", re.I)
_UNDO_FOLDERS = frozenset({"down", "undo", "revert", "rollback", "verify"})


def natural(text: str) -> Key:
    """Numbers in a text count as numbers: V2 comes before V10."""
    parts = re.split(r"(\d+)", text.lower())
    return tuple((1, int(part[:18]), "") if part.isdecimal() else (0, 0, part) for part in parts if part)


def order_of(path: PurePath) -> tuple[Key, int, Key, str]:
    """The key that sorts files: by folder, Flyway's repeatable ones after the versioned, then by natural order."""
    folder = natural(path.parent.as_posix())
    versioned = _VERSIONED.match(path.name)
    if versioned:
        return folder, 1 if path.name[0] in "rR" else 0, natural(versioned["version"].replace("_", ".")), path.name
    return folder, 0, natural(path.stem), path.name


def undoes(path: PurePath) -> bool:
    """Whether a file takes a migration back, or only verifies it."""
    return bool(_UNDO.search(path.stem) or path.parent.name.lower() in _UNDO_FOLDERS)
