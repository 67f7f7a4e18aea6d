"""The receiving side of the ledger: what each listening pod says that reached it, asked of the pod itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

from harness.observe.base import Context
from harness.observe.cluster import Change
from harness.observe.currency import wall_clock
from harness.observe.following import uid
from harness.observe.journal import LedgerNames
from harness.record.rows import Gap, Json, LedgerEntry

EVERY = 1.0
EVERY_WHILE_LEAVING = 0.2
PAGES_PER_TURN = 20
BEFORE_START = 5.0
"""Entries that a pod made longer than this before the run began are another run's, seconds."""

_STEPS = {"notify": "received", "poll": "recovered", "catchup": "recovered"}


@dataclass(slots=True)
class PodLedger:
    """A pod and how far its ledger has been read. `boot` tells one life of its process from the next."""

    name: str
    territory: str
    address: str = ""
    ready: bool = False
    leaving: bool = False
    gone: bool = False
    boot: str | None = None
    after: int = 0
    answered_at: float | None = None

    @property
    def part(self) -> str:
        """Its name among the parts of the source."""
        return f"pod {self.name}"

    @property
    def owes(self) -> bool:
        """Whether a silence of it is a gap: only while it is Ready and not on its way out."""
        return self.ready and not self.leaving and not self.gone

    def update(self, body: Json, names: LedgerNames, deleted: bool) -> None:
        """Take over what the API server says of the pod."""
        status = body.get("status") or {}
        self.address = status.get("podIP") or self.address
        self.ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ())
        self.leaving = "deletionTimestamp" in body["metadata"] or status.get("phase") in ("Failed", "Succeeded")
        self.gone = deleted
        self.territory = (body["metadata"].get("labels") or {}).get(names.territory_label, self.territory)


def entries(page: Json, pod: PodLedger, since: float) -> list[LedgerEntry]:
    """A page of a pod's ledger as rows, without what is older than the run. Raises KeyError or ValueError if it is none."""
    rows = []
    for entry in page["entries"]:
        step = "duplicate" if entry["duplicate"] else _STEPS[entry["how"]]
        at = float(entry["at"])
        if at >= since:
            rows.append(LedgerEntry(at, str(entry["event_id"]), int(entry["id"]), pod.territory, step, pod.name))
    return rows


@dataclass
class Deliveries:
    """All listening pods, each read by a task of its own."""

    names: LedgerNames
    context: Context
    client: httpx.AsyncClient
    started: float
    pods: dict[str, PodLedger] = field(default_factory=dict)

    async def changed(self, changes: list[Change], group: asyncio.TaskGroup) -> None:
        """Follow what the API server says; a pod that is new gets its reader in `group`."""
        for change in changes:
            key = uid(change.object)
            pod = self.pods.get(key)
            if pod is None:
                if change.change == "DELETED":
                    continue
                pod = self.pods[key] = PodLedger(change.object["metadata"]["name"], "")
                group.create_task(self.read(key, pod), name=pod.part)
            pod.update(change.object, self.names, change.change == "DELETED")

    async def read(self, key: str, pod: PodLedger) -> None:
        """Read a pod's ledger until the pod is gone or, on its way out, no longer answers."""
        failed = ""
        while True:
            if pod.owes:
                self.context.currency.expect(pod.part, self.context.clock())
            else:
                self.context.currency.forget(pod.part)
            try:
                if pod.address:
                    await self.poll(pod)
                    failed = ""
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                failed = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                if pod.owes:
                    self.context.currency.failed(failed, pod.part)
                elif pod.gone or (pod.leaving and isinstance(error, httpx.ConnectError)):
                    break
            if pod.gone and (failed or not pod.address):
                break
            await asyncio.sleep(EVERY_WHILE_LEAVING if pod.leaving or pod.gone else EVERY)
        self.context.currency.forget(pod.part)
        await self._farewell(pod)
        while not pod.gone:  # its object is still there; it must not be taken for a new pod
            await asyncio.sleep(EVERY)
        self.pods.pop(key, None)

    async def poll(self, pod: PodLedger) -> None:
        """Read what is new, page by page. Raises httpx.HTTPError, ValueError, KeyError, TypeError."""
        for _ in range(PAGES_PER_TURN):
            page = await self._page(pod)
            boot = str(page["boot"])
            if pod.boot != boot:
                if pod.boot is not None:
                    last = wall_clock(pod.answered_at) if pod.answered_at else "its start"
                    await self.context.note("info", f"{pod.name} was restarted; what it received after {last} is not known")
                pod.boot, fresh = boot, pod.after == 0
                pod.after = 0
                if not fresh:
                    continue
            rows, now = page["entries"], self.context.clock()
            if rows and int(rows[0]["seq"]) > pod.after + 1:
                missed = f"{pod.name} dropped entries {pod.after + 1} to {int(rows[0]['seq']) - 1} before they were read"
                await self.context.write(Gap("ledger", pod.answered_at or self.started, now, missed))
            await self.context.write(*entries(page, pod, self.started - BEFORE_START))
            pod.after, pod.answered_at = int(page["next"]), now
            if pod.owes:
                self.context.saw(pod.part)
            if not rows:
                return

    async def _page(self, pod: PodLedger) -> Json:
        host = f"[{pod.address}]" if ":" in pod.address else pod.address
        response = await self.client.get(f"http://{host}:{self.names.port}{self.names.path}", params={"after": pod.after})
        response.raise_for_status()
        page: Json = response.json()
        return page

    async def _farewell(self, pod: PodLedger) -> None:
        if pod.answered_at is None:
            await self.context.note("info", f"{pod.name} ended before its ledger could be read")
            return
        text = f"{pod.name} ended; its ledger was read until {wall_clock(pod.answered_at)}, entry {pod.after}"
        await self.context.note("info", text)
