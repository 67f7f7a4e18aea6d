"""The order in which a pod's containers start and end: init containers one by one, sidecars around the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.node.containers import Container, Remaining
from harness.node.launching import Role
from harness.node.status import Waiting

Emit = Callable[[str, str, str, str], None]


def role_of(spec: Mapping[str, Any], init: bool) -> Role:
    """An init container that restarts always is a sidecar."""
    if not init:
        return "main"
    return "sidecar" if spec.get("restartPolicy") == "Always" else "init"


class ContainerOrder:
    """Runs the containers of one pod until they are done or ``stopping`` is set and they were terminated."""

    def __init__(self, init: Sequence[Container], main: Sequence[Container], stopping: asyncio.Event, emit: Emit) -> None:
        self._init = init
        self._main = main
        self._sidecars = [container for container in init if container.role == "sidecar"]
        self._stopping = stopping
        self._emit = emit

    async def run(self, stop_the_rest: Callable[[], None]) -> None:
        """Start all in order and wait for their end; ``stop_the_rest`` is called when only sidecars are left."""
        async with asyncio.TaskGroup() as sidecars:
            if await self._initialise(sidecars):
                async with asyncio.TaskGroup() as group:
                    for container in self._main:
                        group.create_task(container.run())
            if self._sidecars and not self._stopping.is_set():
                stop_the_rest()

    async def terminate(self, remaining: Remaining) -> None:
        """End what runs: the containers together, then the sidecars, the last started first."""
        for container in [*self._main, *self._init]:
            if container.process is not None and not container.process.exited.done():
                self._emit("Normal", "Killing", f"Stopping container {container.name}", container.name)
        first = [*self._main, *(container for container in self._init if container.role == "init")]
        await asyncio.gather(*(container.terminate(remaining) for container in first))
        for sidecar in reversed(self._sidecars):
            await sidecar.terminate(remaining)

    async def settle_those_that_never_ran(self) -> None:
        """Give containers that never got their turn their final state, when the pod was stopped before."""
        for container in [*self._init, *self._main]:
            if isinstance(container.status.state, Waiting) and self._stopping.is_set():
                await container.run()

    async def _initialise(self, sidecars: asyncio.TaskGroup) -> bool:
        for container in self._init:
            if container.role == "sidecar":
                sidecars.create_task(container.run())
                await self._until_started(container)
            else:
                await container.run()
                if container.failed and not self._stopping.is_set():
                    return False
            if self._stopping.is_set():
                return False
        return True

    async def _until_started(self, container: Container) -> None:
        started = asyncio.create_task(container.has_started.wait())
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({started, stopped}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        stopped.cancel()
