"""URLs that expectations ask for: the HTTP status, 0 where nothing answered in time or the text is missing."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import httpx

from harness.observe.base import Context
from harness.observe.pace import paced
from harness.observe.samplings import Asked
from harness.record.rows import Sample
from harness.target.base import Target

SERVICE = "service:"


def address(url: str, target: Target) -> str | None:
    """`service:WORKLOAD/path` as a URL of the target; any other URL as it is. None: the target has no such workload."""
    if not url.startswith(SERVICE):
        return url
    workload, slash, path = url.removeprefix(SERVICE).partition("/")
    base = target.services.get(workload)
    return f"{base.rstrip('/')}{slash}{path}" if base else None


class Observer:
    """Each URL at its own pace. Owes nothing where no expectation asks for one."""

    source: ClassVar[str] = "http"
    patience: ClassVar[float] = 3.5

    async def run(self, context: Context) -> None:
        """Ask until cancelled."""
        wanted = [asked for asked in context.asked if asked.how == "http"]
        if not wanted:
            context.currency.forget("")
            await asyncio.Event().wait()
        # A URL that is asked for every minute is not overdue after three seconds.
        context.currency.patience = max(self.patience, *(asked.every + 2.5 for asked in wanted))
        async with (
            httpx.AsyncClient(timeout=2.0, follow_redirects=False, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            for asked in wanted:
                group.create_task(self._repeat(asked, client, context), name=asked.name)

    async def _repeat(self, asked: Asked, client: httpx.AsyncClient, context: Context) -> None:
        url = address(asked.text, context.target)
        if url is None:
            await context.note(
                "warning", f"'{asked.name}' names a workload that the target has no address for: {asked.text}"
            )
            return
        async for _ in paced(asked.every):
            try:
                response = await client.get(url)
                status = response.status_code if asked.contains in response.text else 0
            except httpx.HTTPError:
                status = 0
            await context.write(Sample(context.clock(), asked.name, {}, float(status)))
            context.saw()
