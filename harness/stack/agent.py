"""`python -m harness.stack.agent FOLDER`: node agent, front door and state metrics of one cluster, in one process.

Together, because each alone would be an interpreter of its own, and because the front door learns of a pod's readiness
in the same tick in which the agent does.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from harness.errors import RehearseError
from harness.node import NodeAgent, NodeError, NodeSettings
from harness.node.api import ApiClient
from harness.node.kubeconfig import load_access
from harness.stack.configuration import caddy_base_config
from harness.stack.frontdoor import FrontDoor
from harness.stack.images import TABLE
from harness.stack.state import ClusterState, Options, read_order, read_state
from harness.stack.statemetrics import Sample, StateMetrics, exposition

_STOP_GRACE_SECONDS = 5.0
_POD_NICENESS = 5
"""A rehearsal overloads its pods on purpose; what controls, observes and loads them must still get the CPU."""
_TEXT = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


def node_settings(state: ClusterState, options: Options) -> NodeSettings:
    """The node agent's settings for a cluster."""
    pki = state.folder / "pki"
    return NodeSettings(
        kubeconfig=pki / "agent.kubeconfig",
        node_name=state.node_name,
        pod_cidr=state.pod_cidr,
        images=(state.folder / TABLE,),
        root=state.folder / "node",
        status_port=state.part("agent").ports["agent"],
        tls_cert=pki / "kubelet.crt",
        tls_key=pki / "kubelet.key",
        tls_client_ca=pki / "ca.crt",
        backoff_base=options.backoff_base_seconds,
        probe_lapse=options.probe_lapse,
        stop_grace=_STOP_GRACE_SECONDS,
        pod_niceness=_POD_NICENESS,
    )


class Status:
    """The HTTP face on loopback: /metrics, /readyz, and /doors for people who wonder where a request goes."""

    def __init__(self, agent: NodeAgent, door: FrontDoor, metrics: StateMetrics) -> None:
        self._agent, self._door, self._metrics = agent, door, metrics
        app = web.Application()
        routes = (("/readyz", self._readyz), ("/metrics", self._exposition), ("/doors", self._doors))
        app.add_routes([web.get(path, handler) for path, handler in routes])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)

    async def start(self, port: int) -> None:
        """Listen on 127.0.0.1."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _readyz(self, _: web.Request) -> web.Response:
        waiting = {
            "node": not self._agent.registered.is_set(),
            "front door": not self._door.synced.is_set(),
            "state metrics": not self._metrics.synced,
        }
        missing = [name for name, late in waiting.items() if late]
        return web.Response(text=", ".join(missing) or "ok", status=503 if missing else 200)

    async def _exposition(self, _: web.Request) -> web.Response:
        return web.Response(text=exposition([*self._metrics.samples(), *self._door_samples()]), headers=_TEXT)

    def _door_samples(self) -> Iterator[Sample]:
        for door in self._door.doors:
            namespace, _, service = door.service.partition("/")
            labels = {"namespace": namespace, "service": service, "listen": door.listen}
            yield "generalprobe_service_ready_pods", labels, len(door.upstreams)
        yield "generalprobe_service_changes_total", {}, self._door.changes
        yield "generalprobe_service_change_seconds_max", {}, self._door.worst_seconds

    async def _doors(self, _: web.Request) -> web.Response:
        found = [{"service": door.service, "listen": door.listen, "upstreams": door.upstreams} for door in self._door.doors]
        return web.json_response(found)


async def serve(state: ClusterState, options: Options) -> None:
    """Run until SIGTERM or SIGINT, then end the pods first: the front door must not forget them before they are gone."""
    ports = state.part("agent").ports
    api = ApiClient(load_access(state.folder / "pki" / "agent.kubeconfig"), "generalprobe-agent")
    admin_port = int(state.caddy_admin_url.rpartition(":")[2])
    nobody = f"127.0.0.1:{state.part('caddy').ports['caddy-nobody']}"
    door = FrontDoor(api, state.caddy_admin_url, caddy_base_config(admin_port), state.folder / "doors", nobody)
    metrics = StateMetrics(api)
    agent = NodeAgent(node_settings(state, options), door.pod_changed)
    status = Status(agent, door, metrics)
    loop = asyncio.get_running_loop()
    stops: set[asyncio.Task[None]] = set()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: stops.add(asyncio.create_task(agent.stop())))
    await status.start(ports["state-metrics"])
    background = [asyncio.create_task(door.run()), *(asyncio.create_task(each.run()) for each in metrics.reflectors)]
    try:
        running = asyncio.create_task(agent.run())
        await asyncio.wait((running, *background), return_when=asyncio.FIRST_COMPLETED)
        for task in background:
            if task.done():
                task.result()
        await running
    finally:
        await agent.stop()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, *stops, return_exceptions=True)
        await status.stop()
        await api.close()


def main() -> int:
    """Exit code 0 after an orderly stop, 2 with one sentence when it cannot work."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    folder = Path(sys.argv[1])
    state = read_state(folder)
    if state is None:
        sys.exit(f"There is no cluster in {folder}.")
    options, _ = read_order(folder)
    try:
        asyncio.run(serve(state, options))
    except (NodeError, RehearseError, OSError) as error:
        logging.critical("%s: %s", type(error).__name__, error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
