"""The ledger of business events: committed, notified, and what reached each listening pod, how and when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import ClassVar

import httpx

from harness.errors import Unavailable
from harness.observe import postgres
from harness.observe.base import Context
from harness.observe.cluster import Change, Cluster
from harness.observe.deliveries import Deliveries, PodLedger
from harness.observe.following import PATIENCE, Following
from harness.observe.journal import EVERY, SILENT, Connection, Journal, LedgerNames, listen
from harness.observe.kept import without_secrets
from harness.observe.pace import paced
from harness.record.rows import Json

JOURNAL, LISTEN, PODS = "journal", "listen", "pods"
LAST_SWEEP = 2.5


class Observer:
    """Current while the journal is read, the channel is heard, pods are known, and every Ready pod answers."""

    source: ClassVar[str] = "ledger"
    patience: ClassVar[float] = 3.0

    def __init__(self, names: LedgerNames | None = None) -> None:
        self._names = names or LedgerNames()
        self._journal = Journal(self._names)
        self._known: dict[str, Json] = {}
        self._pods: dict[str, PodLedger] = {}
        self._started: float | None = None

    async def run(self, context: Context) -> None:
        """Observe until cancelled; then read everything once more, so that the end of the run is complete."""
        now = context.clock()
        self._started = self._started or now
        for part in (JOURNAL, LISTEN):
            context.currency.expect(part, now)
        context.currency.expect(PODS, now, PATIENCE)
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        async with httpx.AsyncClient(timeout=2.0, limits=limits, trust_env=False) as client:
            deliveries = Deliveries(self._names, context, client, self._started, self._pods)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._persist(JOURNAL, context, self._read_journal))
                    group.create_task(self._persist(LISTEN, context, self._listen))
                    group.create_task(self._follow(context, deliveries, group))
            except asyncio.CancelledError:
                await self._sweep(context, deliveries)
                raise

    async def _persist(self, part: str, context: Context, work: Callable[[Connection, Context], Awaitable[None]]) -> None:
        """Do the work on a connection of its own, and again on a new one when that breaks."""
        while True:
            try:
                async with postgres.connect(context.target, "ledger") as connection:
                    await work(connection, context)
            except (*postgres.FAILURES, Unavailable) as error:
                context.currency.failed(without_secrets(f"{type(error).__name__}: {' '.join(str(error).split())}"), part)
            await asyncio.sleep(EVERY / 2)

    async def _read_journal(self, connection: Connection, context: Context) -> None:
        async for _ in paced(EVERY):
            async with asyncio.timeout(SILENT):
                await self._read_news(connection, context)
            context.saw(JOURNAL)

    async def _read_news(self, connection: Connection, context: Context) -> None:
        async with aclosing(self._journal.news(connection)) as batches:
            async for batch in batches:
                await context.write(*batch)

    async def _listen(self, connection: Connection, context: Context) -> None:
        await listen(connection, self._names, context, LISTEN)

    async def _follow(self, context: Context, deliveries: Deliveries, group: asyncio.TaskGroup) -> None:
        for key, pod in list(deliveries.pods.items()):  # left from before a restart of this observer
            group.create_task(deliveries.read(key, pod), name=pod.part)

        async def changed(changes: list[Change]) -> None:
            await deliveries.changed(changes, group)

        async with Cluster.connect(context.target) as cluster:
            await Following(
                cluster,
                f"/api/v1/namespaces/{context.target.namespace}/pods",
                changed,
                seen=lambda: context.saw(PODS),
                failed=lambda reason: context.currency.failed(reason, PODS),
                params={"labelSelector": self._names.selector},
                known=self._known,
            ).run()

    async def _sweep(self, context: Context, deliveries: Deliveries) -> None:
        async def journal() -> None:
            async with postgres.connect(context.target, "ledger") as connection:
                await self._read_news(connection, context)

        reads = [deliveries.poll(pod) for pod in deliveries.pods.values() if pod.address and not pod.gone]
        try:
            async with asyncio.timeout(LAST_SWEEP):
                await asyncio.gather(journal(), *reads, return_exceptions=True)
        except TimeoutError:
            await context.note(
                "warning", f"The last reading of the ledger took longer than {LAST_SWEEP:g} s and was cut off"
            )
