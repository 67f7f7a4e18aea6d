"""Whether Alertmanager is there, and how many alerts it holds (its own word that an alert reached it).

API: github.com/prometheus/alertmanager, api/v2/openapi.yaml.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

import httpx

from harness.errors import Unavailable
from harness.observe.base import Context
from harness.observe.pace import paced
from harness.record.rows import Json, Sample

EVERY = 1.0
Held = Counter[tuple[str, str]]


def held(alerts: Iterable[Json]) -> Held:
    """How many alerts of each name are in each state (active, suppressed, unprocessed)."""
    return Counter((str(alert["labels"].get("alertname", "")), str(alert["status"]["state"])) for alert in alerts)


def changes(before: Held, after: Held, at: float) -> list[Sample]:
    """A sample of each count that changed, down to 0 where none is left."""
    return [
        Sample(at, "alertmanager/alerts", {"alertname": name, "state": state}, float(after[name, state]))
        for name, state in sorted(before.keys() | after.keys())
        if before[name, state] != after[name, state]
    ]


class Observer:
    """Asks every second."""

    source: ClassVar[str] = "alertmanager"
    patience: ClassVar[float] = 3.5

    def __init__(self) -> None:
        self._held: Held = Counter()

    async def run(self, context: Context) -> None:
        """Ask until cancelled."""
        url = context.target.alertmanager_url
        if not url:
            raise Unavailable("the target names no Alertmanager")
        async with httpx.AsyncClient(base_url=url, timeout=3.0, trust_env=False) as client:
            async for _ in paced(EVERY):
                try:
                    status = await client.get("/api/v2/status")
                    status.raise_for_status()
                    alerts = await client.get("/api/v2/alerts")
                    alerts.raise_for_status()
                    after = held(alerts.json())
                    await context.write(*changes(self._held, after, context.clock()))
                    self._held = after
                    context.saw()
                except (httpx.HTTPError, ValueError, KeyError) as error:
                    context.currency.failed(f"{type(error).__name__}: {error}")
