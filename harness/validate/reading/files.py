"""Paths -> texts. Whatever cannot be read is told with its place; nothing is skipped in silence."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BadInput
from harness.validate.artefacts import Found, Skipped, Unreadable
from harness.validate.reading.ignored import Globs, ignored_by_git
from harness.validate.text import Place, TextFile

MOST_BYTES = 4_000_000
"""Larger files are no runbooks, rules or manifests."""
STDIN = Path("<stdin>")

_SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)
_ARTEFACTS = frozenset({".yaml", ".yml", ".md", ".markdown", ".mdx", ".sql", ".ics", ".rules", ".json"})
"""A file of these names that is no text is a finding; of any other name, it is some other file."""
_ODD_BREAKS = dict.fromkeys(map(ord, "\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
"""Python, YAML and Markdown do not agree on whether these end a line; positions need that they do."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at below the paths. `exclude`: globs, relative to `root` (of the configuration).

    `values`: charts are rendered with these files; without any their templates are skipped.
    `runbooks`: globs of the pages that are runbooks; without any, pages are recognised by what they say.
    """

    exclude: tuple[str, ...] = ()
    root: Path = Path()
    values: tuple[Path, ...] = ()
    runbooks: tuple[str, ...] = ()


def read_files(
    paths: Sequence[Path], found: Found, scope: Scope | None = None, progress: Callable[[str], None] = lambda _: None
) -> Iterator[TextFile]:
    """Every text below `paths` in order of name; `-` is standard input. Raises BadInput where a path does not exist."""
    problems = [problem for path in paths if str(path) != "-" and (problem := _problem(path))]
    if problems:
        raise BadInput("; ".join(problems))
    scope = scope or Scope()
    if any(str(path) == "-" for path in paths):
        text = _decode(STDIN, sys.stdin.buffer.read(MOST_BYTES + 1), found)
        if text is not None:
            yield TextFile(STDIN, text)
    files = {file for path in paths if str(path) != "-" for file in _files(path, found, scope)}
    seen: set[str] = set()
    for file in sorted(files, key=lambda file: file.parts):
        real = os.path.realpath(file)
        if real in seen:
            continue
        seen.add(real)
        progress(str(file))
        if (text := _read(file, found)) is not None:
            yield TextFile(file, text)


def _problem(path: Path) -> str:
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return f"The symbolic link {path} leads back to itself; name what it should lead to."
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return f"There is no file or folder {path}; check the path."
        return f"{path} cannot be read: {error.strerror}."
    except ValueError:
        return f"There is no file or folder {str(path)!r}; check the path."
    return ""


def _files(path: Path, found: Found, scope: Scope) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    excluded = Globs(scope.exclude, scope.root)
    ignored = ignored_by_git(path)

    def unreadable(error: OSError) -> None:
        folder = Path(str(error.filename))
        found.unreadable.append(
            Unreadable(Place(folder, 1), f"This folder cannot be read: {error.strerror}", "Check its rights")
        )

    for folder, folders, files in os.walk(path, onerror=unreadable):
        here = Path(folder)
        kept = []
        for name in sorted(folders):
            inner = here / name
            if name in _SKIPPED_FOLDERS:
                continue
            if why := _why_not(inner, excluded, ignored) or (inner.is_symlink() and "it is a link to a folder"):
                found.skipped.append(Skipped(Place(inner, 1), why))
            else:
                kept.append(name)
        folders[:] = kept
        for name in sorted(files):
            file = here / name
            if why := _why_not(file, excluded, ignored):
                found.skipped.append(Skipped(Place(file, 1), why))
            else:
                yield file


def _why_not(path: Path, excluded: Globs, ignored: frozenset[str]) -> str:
    if excluded.match(path):
        return "the configuration excludes it"
    return "git ignores it" if ignored and os.path.abspath(path) in ignored else ""


def _read(path: Path, found: Found) -> str | None:
    """The text of a file; None where it is told elsewhere why there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                found.skipped.append(Skipped(Place(path, 1), "it is no regular file (a device, a pipe or a socket)"))
                return None
            return _decode(path, stream.read(MOST_BYTES + 1), found)
    except OSError as error:
        if error.errno == errno.ENOENT:
            lost = "its link leads nowhere" if path.is_symlink() else "it vanished while the others were read"
            found.skipped.append(Skipped(Place(path, 1), lost))
        elif error.errno == errno.ENXIO:
            found.skipped.append(Skipped(Place(path, 1), "it is no regular file (a device, a pipe or a socket)"))
        elif error.errno == errno.ELOOP:
            _refuse(found, path, 1, "This link leads back to itself", "Let it lead to a file, or remove it")
        else:
            _refuse(found, path, 1, f"This cannot be read: {error.strerror}", "Check its rights")
    return None


def _decode(path: Path, data: bytes, found: Found) -> str | None:
    known = path.suffix.lower() in _ARTEFACTS or path == STDIN
    if len(data) > MOST_BYTES:
        found.skipped.append(Skipped(Place(path, 1), f"it is larger than {MOST_BYTES // 1_000_000} MB"))
        return None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        _refuse(found, path, 1, "This is UTF-16 text", "Save it as UTF-8")
        return None
    at = data.find(b"\0")
    if at >= 0:
        if known:
            line = data.count(b"\n", 0, at) + 1
            _refuse(found, path, line, "This holds a NUL byte, so it is no text", "Remove the byte, or the file")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if known:
            line = data.count(b"\n", 0, error.start) + 1
            _refuse(found, path, line, f"This is not UTF-8 text (byte {error.start})", "Save it as UTF-8")
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_ODD_BREAKS)


def _refuse(found: Found, path: Path, line: int, says: str, mend: str) -> None:
    found.unreadable.append(Unreadable(Place(path, line), says, mend))
