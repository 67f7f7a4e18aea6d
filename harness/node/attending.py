"""Probing a running container: startup first, then readiness and liveness side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from harness.node.probes import ProbeKind, ProbeResult, ProbeSpec, Tally


class Probed(Protocol):
    """Who is asked, and who is told."""

    async def answer(self, probe: ProbeSpec) -> ProbeResult: ...
    def startup_passed(self, ready: bool) -> None: ...
    def readiness_is(self, passing: bool) -> None: ...
    def must_restart(self, probe: ProbeSpec) -> None: ...


async def attend(probes: Mapping[ProbeKind, ProbeSpec], probed: Probed) -> None:
    """Probe from the container's start (which is now) until cancelled or until it must be restarted."""
    began = asyncio.get_running_loop().time()
    startup = probes.get("startup")
    if startup is not None and not await _starts_up(startup, probed, began):
        probed.must_restart(startup)
        return
    readiness, liveness = probes.get("readiness"), probes.get("liveness")
    if startup is not None:
        probed.startup_passed(ready=readiness is None)
    async with asyncio.TaskGroup() as group:
        if readiness is not None:
            group.create_task(_watch_readiness(readiness, probed, began))
        if liveness is not None:
            group.create_task(_watch_liveness(liveness, probed, began))


async def _starts_up(probe: ProbeSpec, probed: Probed, began: float) -> bool:
    async for tally in _tallies(probe, probed, began):
        if tally.passing is not None:
            return tally.passing
    return False


async def _watch_readiness(probe: ProbeSpec, probed: Probed, began: float) -> None:
    async for tally in _tallies(probe, probed, began):
        probed.readiness_is(bool(tally.passing))


async def _watch_liveness(probe: ProbeSpec, probed: Probed, began: float) -> None:
    async for tally in _tallies(probe, probed, began):
        if tally.passing is False:
            probed.must_restart(probe)
            return


async def _tallies(probe: ProbeSpec, probed: Probed, began: float) -> AsyncIterator[Tally]:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(0.0, began + probe.initial_delay - loop.time()))
    tally = Tally(probe.success_threshold, probe.failure_threshold)
    while True:
        asked_at = loop.time()
        tally = tally.after((await probed.answer(probe)).ok)
        yield tally
        await asyncio.sleep(max(0.0, asked_at + probe.period - loop.time()))
