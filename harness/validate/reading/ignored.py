"""Which files are left out: by globs of the configuration, and by git."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path


class Globs:
    """Globs as `.gitignore` has them: `*` within a name, `**` across folders; without `/` they fit at any depth."""

    def __init__(self, patterns: Sequence[str], root: Path) -> None:
        self._root = os.path.abspath(root)
        self._regex = re.compile("|".join(map(_regex, patterns))) if patterns else None

    def match(self, path: Path) -> bool:
        """Whether a file or folder, or a folder above it, fits."""
        if self._regex is None:
            return False
        name = os.path.relpath(os.path.abspath(path), self._root).replace(os.sep, "/")
        return self._regex.fullmatch(name) is not None


def _regex(pattern: str) -> str:
    body = pattern.strip("/")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", body)
    made = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    anywhere = "" if "/" in pattern.rstrip("/") else "(?:.*/)?"
    return anywhere + "".join(made.get(part) or re.escape(part) for part in parts) + "(?:/.*)?"


def ignored_by_git(folder: Path) -> frozenset[str]:
    """Absolute paths of what git ignores below a folder, whole folders as one; empty outside of a repository."""
    top = Path(os.path.abspath(folder))
    if not any((parent / ".git").exists() for parent in (top, *top.parents)):
        return frozenset()
    try:
        done = subprocess.run(
            ["git", "-C", str(top), "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"],
            capture_output=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    names = os.fsdecode(done.stdout).split("\0") if done.returncode == 0 else []
    return frozenset(str(top / name) for name in names if name)
