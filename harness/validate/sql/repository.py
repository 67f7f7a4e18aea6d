"""All SQL that was read, parsed once per estate: scripts, and the routines in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from harness.validate.estate import Estate
from harness.validate.sql.routine import Routine, routine_of
from harness.validate.sql.script import Script, Statement, read_script


@dataclass(frozen=True, eq=False)
class Repository:
    """The SQL of an estate. Pages' fences of language sql are `snippets`: they promise, they do not define."""

    scripts: tuple[Script, ...]

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements of all files, in order of file; also those that undo."""
        return tuple(statement for script in self.scripts for statement in script.statements)

    @cached_property
    def routines(self) -> tuple[Routine, ...]:
        """All routines, also DO blocks."""
        return tuple(found for statement in self.statements if (found := routine_of(statement)) is not None)

    def everything(self) -> Iterator[tuple[Statement, Routine | None]]:
        """Statements of files and the pieces of routines with the routine they are in."""
        for statement in self.statements:
            yield statement, None
        for routine in self.routines:
            for part in routine.parts:
                yield part, routine


@lru_cache(maxsize=4)
def repository(estate: Estate) -> Repository:
    """The SQL of an estate."""
    return Repository(tuple(read_script(one.file) for one in estate.found.sql))
