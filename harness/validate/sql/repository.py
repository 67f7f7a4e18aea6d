"""All SQL that was read, parsed once per estate: scripts, the routines in them, and what they define."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from harness.validate.artefacts import Skipped
from harness.validate.estate import Estate
from harness.validate.promises import Command
from harness.validate.sql.order import order_of
from harness.validate.sql.routine import Routine, routine_of
from harness.validate.sql.schema import Schema, schema_of
from harness.validate.sql.script import Script, Statement, read_script
from harness.validate.text import Place

_LANGUAGES = frozenset({"sql", "psql", "postgres", "postgresql", "pgsql", "plpgsql"})


@dataclass(frozen=True, eq=False)
class Repository:
    """The SQL of an estate. `snippets`: SQL in runbooks: it uses things, it does not define them."""

    scripts: tuple[Script, ...]
    snippets: tuple[Script, ...] = ()

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements of all files, in the order in which they are applied; also those that undo."""
        return tuple(statement for script in self.scripts for statement in script.statements)

    @cached_property
    def routines(self) -> tuple[Routine, ...]:
        """All routines, also DO blocks."""
        return tuple(found for statement in self.statements if (found := routine_of(statement)) is not None)

    @cached_property
    def schema(self) -> Schema:
        """What is defined, also within DO blocks."""
        blocks = {id(one.statement): one.parts for one in self.routines if not one.name}
        return schema_of(part for one in self.statements for part in (one, *blocks.get(id(one), ())))

    @cached_property
    def by_function(self) -> dict[str, list[Routine]]:
        """The routines of a name."""
        found: dict[str, list[Routine]] = {}
        for routine in self.routines:
            if routine.name:
                found.setdefault(routine.name, []).append(routine)
        return found

    def everything(self) -> Iterator[tuple[Statement, Routine | None]]:
        """Statements of files and the pieces of routines with the routine they are in."""
        for statement in self.statements:
            yield statement, None
        for routine in self.routines:
            for part in routine.parts:
                yield part, routine

    def uses(self) -> Iterator[tuple[Statement, Routine | None]]:
        """Everything that runs or is typed: as `everything`, and what stands in Markdown."""
        yield from self.everything()
        for script in self.snippets:
            for statement in script.statements:
                yield statement, None


@lru_cache(maxsize=4)
def repository(estate: Estate) -> Repository:
    """The SQL of an estate; files of other dialects are told among what was skipped."""
    files = sorted((one.file for one in estate.found.sql), key=lambda file: order_of(file.path))
    fences = (fence for page in estate.runbooks for fence in page.fences)
    snippets = [fence.content for fence in fences if fence.info.split(" ")[0].strip("{}").lower() in _LANGUAGES]
    scripts = tuple(map(read_script, files))
    estate.found.skipped += [
        Skipped(Place(one.file.path, one.file.first_line), one.skipped) for one in scripts if one.skipped
    ]
    return Repository(scripts, tuple(map(read_script, snippets)))


def typed(estate: Estate) -> list[Command]:
    """The SQL that runbooks tell people to type, as promises."""
    return [command for command in estate.all(Command) if command.language == "sql"]
