"""Image tables: which local program an image name stands for.

    images:
      crm/api:                 # no tag: stands for every tag
        command: [java, -jar, app.jar]
        env: {JAVA_TOOL_OPTIONS: -Xmx128m}
        workdir: .

A word of ``command`` that names an existing file relative to the table's folder becomes its absolute path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.node.errors import ImageTableError, ImageUnknown
from harness.node.journal import log

KEYS = {"command", "env", "workdir"}


@dataclass(frozen=True)
class Runnable:
    """What an image name stands for: entrypoint, environment and working folder."""

    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str | None = None


def read_table(path: Path) -> dict[str, Runnable]:
    """Read one table.

    Raises:
        ImageTableError: the file is missing, no YAML, or not of the shape above.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ImageTableError(f"The image table cannot be read ({where}): {' '.join(str(error).split())}") from error
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, dict):
        raise ImageTableError(f"The image table needs a mapping `images:` of image name to command ({path})")
    return {str(name): _read_runnable(path, str(name), entry) for name, entry in images.items()}


def _read_runnable(path: Path, name: str, entry: Any) -> Runnable:
    if not isinstance(entry, dict) or not isinstance(entry.get("command"), list) or not entry["command"]:
        raise ImageTableError(f"Image {name} needs `command:` as a list of words ({path})")
    if unknown := set(entry) - KEYS:
        raise ImageTableError(f"Image {name} has unknown keys {', '.join(sorted(map(str, unknown)))} ({path})")
    env = entry.get("env") or {}
    if not isinstance(env, dict):
        raise ImageTableError(f"Image {name} needs `env:` as a mapping ({path})")
    folder = path.resolve().parent
    workdir = entry.get("workdir")
    return Runnable(
        command=tuple(_beside(folder, str(word)) for word in entry["command"]),
        env={str(key): str(value) for key, value in env.items()},
        workdir=str((folder / str(workdir)).resolve()) if workdir is not None else None,
    )


def _beside(folder: Path, word: str) -> str:
    candidate = folder / word
    try:
        is_file = bool(word) and not word.startswith(("/", "-")) and candidate.is_file()
    except OSError:  # an inline script is too long to be a file name
        return word
    return str(candidate.resolve()) if is_file else word


def without_tag(image: str) -> str:
    """``registry:5000/crm/api:1.2@sha256:ab`` -> ``registry:5000/crm/api``."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def find(images: Mapping[str, Runnable], image: str) -> Runnable | None:
    """The entry for exactly this image, else the one for its name without tag and digest."""
    return images.get(image) or images.get(without_tag(image))


class ImageTables:
    """The tables of a node, read again when a file changes."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self._seen: tuple[tuple[int, int], ...] | None = None
        self._images: dict[str, Runnable] = {}

    def load(self) -> None:
        """Read every table.

        Raises:
            ImageTableError: one of them is broken; the images known so far stay in force.
        """
        self._seen = self._fingerprint()
        merged: dict[str, Runnable] = {}
        for path in reversed(self._paths):
            merged.update(read_table(path))
        self._images = merged

    def changed(self) -> bool:
        """Whether a table differs from what was last read."""
        return self._seen != self._fingerprint()

    def resolve(self, image: str) -> Runnable:
        """What to run for an image.

        Raises:
            ImageUnknown: no table names it.
        """
        if self.changed():
            try:
                self.load()
            except ImageTableError as error:
                log(30, "image table is broken, keeping the images known before", error=error)
        found = find(self._images, image)
        if found is None:
            tables = ", ".join(str(path) for path in self._paths) or "none given"
            raise ImageUnknown(f"image {image} is in no image table ({tables}); add it under `images:`")
        return found

    def _fingerprint(self) -> tuple[tuple[int, int], ...]:
        prints = []
        for path in self._paths:
            try:
                stat = path.stat()
                prints.append((stat.st_mtime_ns, stat.st_size))
            except OSError:
                prints.append((0, -1))
        return tuple(prints)
