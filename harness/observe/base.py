"""What every observer is given, and what it must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from harness.observe.currency import Currency
from harness.observe.samplings import Asked
from harness.observe.sink import Sink
from harness.record.rows import Note, Row
from harness.target.base import Target


@dataclass(frozen=True)
class Context:
    """One observer's view of the run. `clock`: seconds since the epoch. `asked`: what expectations want sampled."""

    target: Target
    asked: tuple[Asked, ...]
    clock: Callable[[], float]
    currency: Currency
    sink: Sink

    async def write(self, *rows: Row) -> None:
        """Record rows, within about 200 ms."""
        await self.sink.put(rows)

    async def write_durably(self, *rows: Row) -> None:
        """Record rows; they are in the record when this returns."""
        await self.sink.put_durably(rows)

    async def note(self, level: str, text: str) -> None:
        """A sentence for the reader of the report, from this source."""
        await self.sink.put((Note(self.clock(), self.currency.source, level, text),))

    def saw(self, part: str = "") -> None:
        """Data of this part is current now."""
        self.currency.saw(self.clock(), part)


class Observing(Protocol):
    """An observer. Its class is called `Observer`, takes no arguments and lives in a module beside this one."""

    source: ClassVar[str]
    """The name of its heartbeats and gaps."""
    patience: ClassVar[float]
    """Seconds without data after which the source counts as not current."""

    async def run(self, context: Context) -> None:
        """Observe until cancelled. An error is fine: the supervisor starts it again on the same instance."""
