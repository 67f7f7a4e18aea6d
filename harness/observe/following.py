"""Following a collection: list once, watch from there, resume, and list again when the server has forgotten (410)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx

from harness.observe.cluster import Change, Cluster, Gone, Refused
from harness.observe.kept import kept
from harness.record.rows import Json

PERIOD = 2
"""Seconds after which the server is to end a watch: each end is a proof of life, also where nothing changes."""
PATIENCE = 5.0
"""Seconds without such a proof after which what is followed counts as not current."""
PAUSE = 0.2
LONGEST_PAUSE = 1.0


def uid(body: Json) -> str:
    """What tells an object from another of the same name."""
    return str(body["metadata"]["uid"])


def version(body: Json) -> str:
    """The object's resourceVersion."""
    return str(body["metadata"].get("resourceVersion", ""))


def difference(known: dict[str, Json], listed: Sequence[Json]) -> list[Change]:
    """What must have happened between `known` (by uid) and a new list. What vanished comes first, as last seen."""
    present = {uid(body) for body in listed}
    changes = [Change("DELETED", body) for key, body in known.items() if key not in present]
    for body in listed:
        before = known.get(uid(body))
        if before is None:
            changes.append(Change("ADDED", body))
        elif version(before) != version(body):
            changes.append(Change("MODIFIED", body))
    return changes


@dataclass
class Following:
    """A collection that is followed. `path`, `params`: of the list. `seen` is called at every proof of being current.

    It knows every object as last seen, so its memory is that of the collection.
    """

    cluster: Cluster
    path: str
    changed: Callable[[list[Change]], Awaitable[None]]
    seen: Callable[[], None]
    failed: Callable[[str], None]
    params: dict[str, str] = field(default_factory=dict)
    known: dict[str, Json] = field(default_factory=dict)
    relists: int = 0

    async def run(self) -> None:
        """Follow until cancelled, through every outage. Raises Refused where the list is forbidden or not served."""
        at: str | None = None
        pause = PAUSE
        while True:
            try:
                if at is None:
                    at = await self._list()
                at = await self._watch(at)
                pause = PAUSE
                continue
            except Gone as error:
                at = None
                self.failed(str(error))
            except Refused as error:
                if error.status in (401, 403, 404):
                    raise
                self.failed(str(error))
            except (httpx.HTTPError, TimeoutError, ValueError, KeyError) as error:
                self.failed(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _list(self) -> str:
        listed, at = await self.cluster.list_all(self.path, **self.params)
        self.relists += 1
        await self._take(difference(self.known, [kept(body) for body in listed]))
        self.seen()
        return at

    async def _watch(self, at: str) -> str:
        loop = asyncio.get_running_loop()
        began = loop.time()
        batches = self.cluster.watch(self.path, at, PERIOD, **self.params)
        async with asyncio.timeout(PERIOD + 2), aclosing(batches):
            async for batch in batches:
                await self._take([Change(c.change, kept(c.object)) for c in batch if c.change != "BOOKMARK"])
                self.seen()
                at = version(batch[-1].object) if batch else at
        self.seen()
        if loop.time() - began < PAUSE:  # a server that ends watches at once must not be asked in a tight loop
            await asyncio.sleep(PAUSE)
        return at

    async def _take(self, changes: list[Change]) -> None:
        for change in changes:
            if change.change == "DELETED":
                self.known.pop(uid(change.object), None)
            else:
                self.known[uid(change.object)] = change.object
        if changes:
            await self.changed(changes)
