"""Keeps the observers of a run going, writes their heartbeats and gaps, and ends them so that nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from harness.observe.base import Context, Observing
from harness.observe.currency import Currency, wall_clock
from harness.observe.samplings import Asked
from harness.observe.sink import Sink
from harness.record.rows import Note
from harness.record.writer import RecordWriter
from harness.target.base import Target

TICK = 1.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 3.0
LAST_WORDS = 4.0


def sentence(error: BaseException) -> str:
    """An error as one line for a gap's reason: its kind where its text says nothing."""
    if isinstance(error, BaseExceptionGroup):
        return sentence(error.exceptions[0])
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__


class Supervisor:
    """All observers of one run."""

    def __init__(
        self,
        observers: Sequence[Observing],
        target: Target,
        asked: tuple[Asked, ...],
        writer: RecordWriter,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._sink = Sink(writer)
        self._observers = {
            observer: Context(target, asked, clock, Currency(observer.source, observer.patience, clock()), self._sink)
            for observer in observers
        }

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None], ready_within: float) -> None:
        """Observe until `stop`. Calls `ready` once, with what is still missing. Raises Unavailable if the record fails."""
        sink = asyncio.create_task(self._sink.run(), name="record")
        tasks = [asyncio.create_task(self._keep(o, c), name=o.source) for o, c in self._observers.items()]
        tasks += [asyncio.create_task(self._beat()), asyncio.create_task(self._announce(ready, ready_within))]
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, sink], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.wait(tasks, timeout=LAST_WORDS)
        now = self._clock()
        if not sink.done():
            await self._sink.put(gap for context in self._observers.values() if (gap := context.currency.end(now)))
            self._sink.close()
        await sink

    async def _keep(self, observer: Observing, context: Context) -> None:
        pause = FIRST_PAUSE
        told = ""
        while True:
            began = self._clock()
            try:
                await observer.run(context)
                reason = "the observer ended by itself"
            except Exception as error:  # whatever a source throws is a gap of that source, never the end of the others
                reason = sentence(error)
            context.currency.failed(reason)
            if reason != told:
                told = reason
                await context.note("warning", f"Observing {observer.source} broke off and is started again: {reason}")
            pause = FIRST_PAUSE if self._clock() - began > 10 * LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _beat(self) -> None:
        open_before: set[str] = set()
        while True:
            now = self._clock()
            for context in self._observers.values():
                currency = context.currency
                row = currency.tick(now)
                if row is not None:
                    await self._sink.put((row,))
                if currency.open_since is None:
                    open_before.discard(currency.source)
                elif currency.source not in open_before:
                    open_before.add(currency.source)
                    await self._sink.put((self._opened(currency, now),))
            await asyncio.sleep(TICK - (self._clock() - now) % TICK)

    @staticmethod
    def _opened(currency: Currency, now: float) -> Note:
        why = "; ".join(f"{part}: {reason}" if part else reason for part, reason in currency.missing(now).items())
        since = wall_clock(now if currency.open_since is None else currency.open_since)
        return Note(now, currency.source, "warning", f"Nothing from {currency.source} since {since}: {why}")

    async def _announce(self, ready: Callable[[str], None], within: float) -> None:
        deadline = self._clock() + within
        while self._clock() < deadline and any(c.currency.complete_at is None for c in self._observers.values()):
            await asyncio.sleep(0.05)
            now = self._clock()
            for context in self._observers.values():
                currency = context.currency
                if currency.complete_at is None and not currency.missing(now):
                    currency.complete_at = now
        now = self._clock()
        late = [c.currency for c in self._observers.values() if c.currency.complete_at is None]
        ready(
            "; ".join(
                f"{currency.source} ({', '.join(sorted(set(currency.missing(now).values()))) or 'late'})"
                for currency in late
            )
        )
