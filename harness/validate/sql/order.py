"""In which order tools and people apply the files of a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePath

Key = tuple[tuple[int, int, str], ...]

_VERSIONED = re.compile(r"[VBUR](?P<version>[\d._]*)__", re.I)
_NUMBERED = re.compile(r"V?0*(?P<number>\d{1,4})(?:__?|[-.])", re.I)
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


def gap_before(paths: Sequence[PurePath]) -> PurePath | None:
    """The first file before which a number is left out (001, 002, 004), or None. Dates have no gaps."""
    numbered = [
        (int(match["number"]), path) for path in paths if (match := _NUMBERED.match(path.name)) and not undoes(path)
    ]
    steps = [later - earlier for (earlier, _), (later, _) in pairwise(numbered) if later > earlier]
    usual = min(steps, default=0)
    usual = usual if usual % 5 == 0 else 1  # Some count by tens; who counts by ones and begins 2, 4 has left out 3.
    return next((path for (earlier, _), (later, path) in pairwise(numbered) if later - earlier > usual), None)
