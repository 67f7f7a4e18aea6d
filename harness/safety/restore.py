"""Taking changes back from the undo journal: after a run, after a crash, after kill -9 of everything."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Protocol

from harness.errors import RehearseError
from harness.safety.undo import Entry, UndoJournal


class NotRestored(RehearseError):
    """One change could not be taken back now; its entry stays open."""


class Sentence(str):
    """What became of one change, for a person to read. `done`: it is taken back and its entry is closed."""

    done: bool

    def __new__(cls, text: str, done: bool) -> Sentence:
        """A sentence that also says whether it is good news."""
        made = super().__new__(cls, text)
        made.done = done
        return made


class Kind(Protocol):
    """A module of harness.safety.kinds: how changes of one kind are taken back. One file per kind."""

    def restore(self, entry: Entry) -> str:
        """Take the change back, or find that nothing is left to do; idempotent. Returns what was found.

        Raises NotRestored (or another RehearseError) where that cannot be known or done now.
        """


def restore(target: str, folder: Path | None = None, owner: int | None = None) -> list[Sentence]:
    """Take back every open change of a target, the newest first. One sentence each; empty: there was nothing to do.

    Changes of a process that still runs are left alone and said so, unless it is this process or `owner`
    (a child's pid that the caller knows to be finished with).
    """
    journal = UndoJournal(target, folder)
    if not journal.path.exists():
        return []
    said: list[Sentence] = []
    with journal.restoring():
        for entry in journal.open_entries():
            if entry.owner_lives and entry.pid not in (os.getpid(), owner):
                said.append(
                    Sentence(f"{describe(entry)}: still in use by {entry.run} (process {entry.pid}); stop it first.", False)
                )
                continue
            said.append(_restore_one(journal, entry))
    return said


def restore_entry(journal: UndoJournal, entry: Entry) -> Sentence:
    """Take back one change of this process that is known to be open."""
    with journal.restoring():
        return _restore_one(journal, entry)


def describe(entry: Entry) -> str:
    """A change in a few words: `scaledobject-triggers crm/crm-queries-de`."""
    name = "/".join(str(entry.object[key]) for key in ("namespace", "name") if key in entry.object)
    return f"{entry.kind} {name}".strip()


def _restore_one(journal: UndoJournal, entry: Entry) -> Sentence:
    try:
        found = _kind(entry.kind).restore(entry)
    except RehearseError as error:
        return Sentence(f"{describe(entry)}: NOT restored: {error}", False)
    journal.close(entry.id, found)
    return Sentence(f"{describe(entry)}: {found}", True)


def _kind(name: str) -> Kind:
    module = name.replace("-", "_")
    try:
        found: Kind = importlib.import_module(f"harness.safety.kinds.{module}")
    except ModuleNotFoundError:
        raise NotRestored(f"this version does not know changes of kind '{name}'; use the version that made it.") from None
    return found
