"""Whether the control plane works: the API server is ready, and controllers that hold a lease keep renewing it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import httpx

from harness.errors import Unavailable
from harness.observe.base import Context
from harness.observe.cluster import Cluster, Refused
from harness.record.rows import Sample

EVERY = 1.0
LEASES = ("kube-controller-manager", "kube-scheduler")


@dataclass(frozen=True, slots=True)
class Renewal:
    """A lease as last seen to change, at `at` on our clock (theirs may differ). `renewals`: changes seen so far."""

    version: str
    at: float
    renewals: int
    seconds: float

    def overdue(self, now: float) -> float:
        """Seconds past its duration. A lease never seen renewed may be a leftover and is not overdue."""
        return max(0.0, now - self.at - self.seconds) if self.renewals else 0.0


class Observer:
    """Asks every second. Also records how long /readyz took, as `control-plane/readyz_seconds`."""

    source: ClassVar[str] = "control-plane"
    patience: ClassVar[float] = 3.5

    def __init__(self) -> None:
        self._leases: dict[str, Renewal] = {}
        self._no_leases = False

    async def run(self, context: Context) -> None:
        """Ask until cancelled."""
        async with Cluster.connect(context.target) as cluster:
            while True:
                began = context.clock()
                try:
                    await self._ask(cluster, context)
                    context.saw()
                except (httpx.HTTPError, Unavailable) as error:
                    context.currency.failed(f"{type(error).__name__}: {error}")
                await asyncio.sleep(max(0.1, EVERY - (context.clock() - began)))

    async def _ask(self, cluster: Cluster, context: Context) -> None:
        began = context.clock()
        status, text = await cluster.text("/readyz")
        now = context.clock()
        if status != 200:
            failing = [line for line in text.splitlines() if line.startswith("[-]")]
            raise Unavailable(f"/readyz says {status}: {'; '.join(failing) or text[:100]}")
        await context.write(Sample(now, "control-plane/readyz_seconds", {}, now - began))
        for name in () if self._no_leases else LEASES:
            await self._renewal(name, cluster, context)
        late = {name: lease.overdue(now) for name, lease in self._leases.items() if lease.overdue(now) > 0}
        if late:
            raise Unavailable(
                "; ".join(f"{name} let its lease lapse {seconds:.0f} s ago" for name, seconds in late.items())
            )

    async def _renewal(self, name: str, cluster: Cluster, context: Context) -> None:
        try:
            lease = await cluster.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/{name}")
        except Refused as error:
            self._no_leases = error.status == 403  # managed clusters hide them; then /readyz has to do
            return
        now, before = context.clock(), self._leases.get(name)
        version = str(lease["metadata"]["resourceVersion"])
        seconds = float((lease.get("spec") or {}).get("leaseDurationSeconds") or 15)
        if before is None:
            self._leases[name] = Renewal(version, now, 0, seconds)
        elif before.version != version:
            self._leases[name] = Renewal(version, now, before.renewals + 1, seconds)
