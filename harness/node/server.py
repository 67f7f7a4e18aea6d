"""The status server: logs, pods, resource metrics and health, in the shape of a kubelet's HTTP endpoints.

It answers everybody who can reach it; it listens on the node's address, which is loopback. With a client CA it answers
only clients that have a certificate of it. Log lines carry no timestamps of their own, so ``timestamps`` and ``sinceTime``
are ignored.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from harness.node.containers import Container
from harness.node.errors import NodeError
from harness.node.status import Running
from harness.node.usage import ContainerUsage, Usage, exposition, never_less, usage_by_group

if TYPE_CHECKING:
    from harness.node.agent import NodeAgent
    from harness.node.pods import PodWorker

BLOCK = 64 * 1024
FOLLOW_SECONDS = 0.25


class StatusServer:
    """Serves an agent's status from ``start()`` to ``stop()``."""

    def __init__(self, agent: NodeAgent) -> None:
        self._agent = agent
        self._cpu: dict[str, float] = {}
        self._stopping = asyncio.Event()
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/pods", self._pods),
                web.get("/metrics/resource", self._metrics),
                web.get("/containerLogs/{namespace}/{pod}/{container}", self._logs),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)

    async def start(self) -> int:
        """Listen; returns the port.

        Raises:
            NodeError: the port is taken or the certificate cannot be used.
        """
        settings = self._agent.settings
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, settings.host_ip, settings.status_port or 0, ssl_context=self._tls())
            await site.start()
        except OSError as error:  # ssl.SSLError is one
            await self._runner.cleanup()
            where = f"{settings.host_ip}:{settings.status_port}"
            raise NodeError(f"The node's status server cannot listen on {where}: {error}") from error
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening; who follows a log sees its end."""
        self._stopping.set()
        await self._runner.cleanup()

    def _tls(self) -> ssl.SSLContext | None:
        settings = self._agent.settings
        if settings.tls_cert is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
        if settings.tls_client_ca is not None:
            context.load_verify_locations(settings.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    async def _healthz(self, _: web.Request) -> web.Response:
        if self._agent.registered.is_set():
            return web.Response(text="ok")
        return web.Response(text="not registered yet", status=503)

    async def _pods(self, _: web.Request) -> web.Response:
        items = [worker.object() for worker in self._agent.pods()]
        return web.json_response({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": items})

    async def _metrics(self, _: web.Request) -> web.Response:
        running = [
            (worker, container, container.process.pid, container.status.state.started_at.timestamp())
            for worker in self._agent.pods()
            for container in [*worker.init, *worker.main]
            if container.process is not None and isinstance(container.status.state, Running)
        ]
        # Reading /proc of some hundred processes takes milliseconds that the probes must not wait for.
        groups = await asyncio.to_thread(usage_by_group, [pid for _, _, pid, _ in running])
        seconds = {container.status.container_id: groups[pid].cpu_seconds for _, container, pid, _ in running}
        self._cpu = never_less(self._cpu, seconds)
        rows = [
            ContainerUsage(
                worker.namespace,
                worker.name,
                container.name,
                started_at,
                Usage(self._cpu.get(container.status.container_id, 0.0), groups[pid].memory_bytes),
            )
            for worker, container, pid, started_at in running
        ]
        return web.Response(text=exposition(rows), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        namespace, name, container_name = (request.match_info[key] for key in ("namespace", "pod", "container"))
        found = self._find(namespace, name, container_name)
        if found is None:
            return web.Response(status=404, text=f'container "{container_name}" of pod "{name}" is not on this node\n')
        worker, container = found
        previous = _true(request.query, "previous")
        run = container.status.restart_count - (1 if previous else 0)
        path = container.log_path(run)
        if previous and not path.exists():
            text = f'previous terminated container "{container_name}" in pod "{name}" not found\n'
            return web.Response(status=400, text=text)
        try:
            asked = request.query.get("tail", request.query.get("tailLines"))
            tail = int(asked) if asked is not None else None
            limit = int(request.query["limitBytes"]) if "limitBytes" in request.query else None
        except ValueError:
            return web.Response(status=400, text="tail and limitBytes must be whole numbers\n")
        answer = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
        await answer.prepare(request)
        follow = _true(request.query, "follow") and not previous
        await self._send(answer, path, tail, limit, _Run(worker, container, run) if follow else None)
        await answer.write_eof()
        return answer

    def _find(self, namespace: str, name: str, container_name: str) -> tuple[PodWorker, Container] | None:
        for worker in self._agent.pods():
            if (worker.namespace, worker.name) == (namespace, name):
                for container in [*worker.init, *worker.main]:
                    if container.name == container_name:
                        return worker, container
        return None

    async def _send(
        self, answer: web.StreamResponse, path: Path, tail: int | None, limit: int | None, run: _Run | None
    ) -> None:
        position = await asyncio.to_thread(tail_position, path, tail) if path.exists() else 0
        left = limit
        while left is None or left > 0:
            alive = run is not None and run.alive() and not self._stopping.is_set()
            block = await asyncio.to_thread(_read_block, path, position, BLOCK if left is None else min(BLOCK, left))
            if block:
                await answer.write(block)
                position += len(block)
                left = None if left is None else left - len(block)
            elif not alive:
                return
            else:
                await asyncio.sleep(FOLLOW_SECONDS)


class _Run:
    """One run of a container, as long as it is the present one."""

    def __init__(self, worker: PodWorker, container: Container, number: int) -> None:
        self._worker = worker
        self._container = container
        self._number = number

    def alive(self) -> bool:
        status = self._container.status
        return status.restart_count == self._number and isinstance(status.state, Running)


def _true(query: Mapping[str, str], key: str) -> bool:
    return query.get(key, "").lower() in ("1", "t", "true")


def _read_block(path: Path, position: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(position)
            return file.read(size)
    except FileNotFoundError:  # the container has not started yet
        return b""


def tail_position(path: Path, lines: int | None) -> int:
    """Where the last ``lines`` lines of a file begin; 0 for None, its end for 0."""
    if lines is None:
        return 0
    size = path.stat().st_size
    if lines <= 0:
        return size
    with path.open("rb") as file:
        position, found = size, 0
        while position > 0:
            step = min(BLOCK, position)
            position -= step
            file.seek(position)
            block = file.read(step)
            if position + step == size and block.endswith(b"\n"):
                block = block[:-1]
            at = len(block)
            while (at := block.rfind(b"\n", 0, at)) >= 0:
                found += 1
                if found == lines:
                    return position + at + 1
    return 0
