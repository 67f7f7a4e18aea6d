"""The undo journal: how to take a change back is on the disk before the change is made, or it is not made.

One file per target, `$XDG_STATE_HOME/generalprobe/undo/<target>.jsonl` (mode 0600), one JSON object per line, appended
and fsynced: `open` before a change, `done` after it was taken back. It survives kill -9 of everything; a line that was
being written at that moment is ignored, because no change is made before its line is whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import Unavailable

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """How to take one change back. Never holds a secret: `cluster` names files and contexts that do.

    `kind` is a module of harness.safety.kinds; `object` says what is changed, `original` what to put back, `applied`
    what we put there (so that a later change by somebody else is told apart). `pid_start`: clock ticks since boot.
    """

    kind: str
    object: Json
    original: Json
    why: str
    run: str
    applied: Json = field(default_factory=dict)
    cluster: Json = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    at: float = field(default_factory=time.time)
    pid: int = field(default_factory=os.getpid)
    pid_start: int = field(default_factory=lambda: process_start(os.getpid()) or 0)

    @property
    def owner_lives(self) -> bool:
        """Whether the process that made the change still runs (that one, not a later one of the same pid)."""
        return process_start(self.pid) == self.pid_start


@dataclass(frozen=True, slots=True)
class Opened:
    """Proof that an undo is on the disk. What changes a target takes one of these; only `UndoJournal.change` gives it."""

    entry: Entry


class UndoJournal:
    """The undo journal of one target. Safe for many processes at once."""

    def __init__(self, target: str, folder: Path | None = None) -> None:
        """Open (nothing is created before the first change). `folder` defaults to the state folder of the user."""
        self.target = target
        self.folder = folder or state_folder()
        self.path = self.folder / f"{safe_name(target)}.jsonl"

    @contextmanager
    def change(self, entry: Entry) -> Iterator[Opened]:
        """Write how to undo a change, then let it happen. Raises Unavailable (and no change is made) where that fails.

        The entry stays open after the block, also when the block fails half-way: `close` it once the change is taken
        back, or leave it to `restore`.
        """
        self._append({"op": "open", **asdict(entry)})
        yield Opened(entry)

    def close(self, entry_id: str, note: str, now: Callable[[], float] = time.time) -> None:
        """Mark a change as taken back. Closing twice is harmless."""
        self._append({"op": "done", "id": entry_id, "at": now(), "note": note})

    def open_entries(self) -> list[Entry]:
        """Changes that have not been taken back, the newest first: the order in which to take them back."""
        entries: dict[str, Entry] = {}
        for line in self._lines():
            if line.get("op") == "open":
                values = {name: line[name] for name in Entry.__dataclass_fields__ if name in line}
                entries[line["id"]] = Entry(**values)
            elif line.get("op") == "done":
                entries.pop(line["id"], None)
        return list(reversed(entries.values()))

    @contextmanager
    def restoring(self, wait: bool = True) -> Iterator[None]:
        """Only one process at a time takes changes of this target back; the others wait."""
        with self._locked("restore", wait):
            yield

    def _lines(self) -> Iterator[Json]:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"The undo journal {self.path} cannot be read: {error.strerror}.") from None
        for piece in raw.split(b"\n"):
            try:
                line = json.loads(piece)
            except ValueError:
                # Half-written when its process died, or the empty end: no change was made after it.
                continue
            if isinstance(line, dict) and "id" in line:
                yield line

    def _append(self, line: Json) -> None:
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            with self._locked("append", wait=True):
                new = not self.path.exists()
                handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
                try:
                    size = os.fstat(handle).st_size
                    if size and os.pread(handle, 1, size - 1) != b"\n":
                        data = b"\n" + data  # keeps a half-written line of a dead process apart from ours
                    written = os.write(handle, data)
                    if written != len(data):
                        raise OSError(None, "the disk is full")
                    os.fsync(handle)
                finally:
                    os.close(handle)
                if new:
                    _sync_folder(self.folder)
        except OSError as error:
            raise Unavailable(
                f"The undo journal {self.path} cannot be written: {error.strerror}; nothing was changed, "
                "mend the disk or set XDG_STATE_HOME to a folder that can be written."
            ) from None

    @contextmanager
    def _locked(self, name: str, wait: bool) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.path.with_suffix(f".{name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                raise Unavailable(f"Another process is restoring '{self.target}' right now; wait for it to end.") from None
            yield
        finally:
            os.close(handle)


def state_folder() -> Path:
    """`$XDG_STATE_HOME/generalprobe/undo`, by default below ~/.local/state."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "generalprobe" / "undo"


def targets(folder: Path | None = None) -> list[str]:
    """Names of the targets that have an undo journal, as far as file names tell them."""
    return sorted(path.stem for path in (folder or state_folder()).glob("*.jsonl"))


def safe_name(target: str) -> str:
    """The target's name as a file name: context names of real kubeconfigs hold slashes and colons."""
    return re.sub(r"[^A-Za-z0-9._@-]", "_", target).lstrip(".") or "_"


def process_start(pid: int) -> int | None:
    """When a process started, in clock ticks since boot (proc(5), field 22); None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
