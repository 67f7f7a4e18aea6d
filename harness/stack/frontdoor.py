"""The front door: every Service answers on its own loopback address, by Caddy, from the pods that are ready right now.

A cluster's kube-proxy, in short. Endpoints may not hold loopback addresses, so Caddy is told instead: of Services through
its admin API, of pods through files. Each change of its configuration would close every idle connection of every client,
and a request that crosses the close on its way is lost; so pods, which come and go all the time, are no part of the
configuration. A Service has a fixed number of slots, each a file with the address of a ready pod, read for every request.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from harness.node.api import ApiClient
from harness.node.views import PodView
from harness.node.watching import Reflector

Json = dict[str, Any]
log = logging.getLogger("generalprobe.frontdoor")

SLOTS = 120
"""More than the pods a node may run, and divided evenly by 1 to 6, 8, 10 and 12 of them."""

_RECHECK_SECONDS = 2.0
"""How often Caddy is asked whether it still has what it was told: it forgets when it is restarted."""


@dataclass(frozen=True, slots=True)
class Door:
    """One port of one Service, and the pods behind it (`address:port`, sorted)."""

    service: str
    listen: str
    upstreams: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name as a server of Caddy and as a folder."""
        return f"{self.service.replace('/', '.')}.{self.listen.rpartition(':')[2]}"


def doors(services: Iterable[Mapping[str, Any]], pods: Iterable[PodView]) -> list[Door]:
    """Which address leads to which pods. Services without selector or cluster address have no door. Pure."""
    ready = [pod for pod in pods if pod.ready and pod.ip and not pod.terminating and not pod.gone]
    found = []
    for service in services:
        spec, meta = service.get("spec") or {}, service["metadata"]
        address, selector = spec.get("clusterIP") or "None", spec.get("selector")
        if address == "None" or not selector or spec.get("type") == "ExternalName":
            continue
        chosen = [
            pod
            for pod in ready
            if pod.namespace == meta["namespace"] and all(pod.labels.get(key) == value for key, value in selector.items())
        ]
        for port in spec.get("ports") or []:
            if port.get("protocol", "TCP") != "TCP":
                continue
            targets = ((pod.ip, _target(port, pod)) for pod in chosen)
            upstreams = tuple(sorted(f"{ip}:{number}" for ip, number in targets if number is not None))
            found.append(Door(f"{meta['namespace']}/{meta['name']}", f"{address}:{port['port']}", upstreams))
    return sorted(found, key=lambda door: door.listen)


def _target(port: Mapping[str, Any], pod: PodView) -> int | None:
    target = port.get("targetPort") or port["port"]
    return target if isinstance(target, int) else pod.ports.get(target)


def slots_of(upstreams: tuple[str, ...], nobody: str) -> list[str]:
    """The address in each slot: the ready pods in turn, or the one that answers for nobody. Pure."""
    return [upstreams[slot % len(upstreams)] if upstreams else nobody for slot in range(SLOTS)]


def caddy_servers(wanted: Iterable[Door], folder: Path, nobody: str) -> Json:
    """The doors as Caddy's HTTP servers, with their slots in `folder`. Pure."""
    servers = {door.key: _server(door.listen, _proxy(folder / door.key)) for door in wanted}
    answer = {"handler": "static_response", "status_code": 503, "body": "no pod of this Service is ready\n"}
    return {**servers, "nobody": _server(nobody, answer)}


def _proxy(slots: Path) -> Json:
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"{{file.{slots}/{slot}}}"} for slot in range(SLOTS)],
        # A pod that just died refuses connections until its slots are filled anew: another one is tried. Caddy repeats a
        # request that was sent only when it is a GET; one that never left is safe to repeat whatever it is.
        "load_balancing": {
            "selection_policy": {"policy": "round_robin"},
            "try_duration": "500ms",
            "try_interval": "20ms",
        },
        "transport": {
            "protocol": "http",
            "dial_timeout": "1s",
            "keep_alive": {"enabled": True, "idle_timeout": "30s", "max_idle_conns_per_host": 256},
        },
        # Answers are passed on as they come.
        "flush_interval": -1,
    }


def _server(listen: str, handler: Json) -> Json:
    return {
        "listen": [listen],
        "automatic_https": {"disable": True},
        "protocols": ["h1", "h2c"],
        "routes": [{"handle": [handler]}],
    }


def can_listen(listen: str) -> bool:
    """Whether this process, and so Caddy, could listen there."""
    address, _, port = listen.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, int(port)))
        except OSError:
            return False
    return True


class FrontDoor:
    """Keeps Caddy's servers and slots as they should be. `pod_changed` is a listener of the node agent."""

    def __init__(self, api: ApiClient, admin_url: str, base: Json, folder: Path, nobody: str) -> None:
        self._admin_url, self._base, self._nobody = admin_url, base, nobody
        self._folder = folder
        self._pods: dict[str, PodView] = {}
        self._services: dict[str, Json] = {}
        self._slots: dict[str, list[str]] = {}
        self._changed = asyncio.Event()
        self._loaded: Json = {}
        self._refused: set[str] = set()
        self._reflector = Reflector(api, "/api/v1/services", {}, self._list_services, self._service_event)
        self.synced = asyncio.Event()
        self.doors: list[Door] = []
        self.changes = 0
        self.worst_seconds = 0.0
        """The longest it took from hearing of a pod's change until no new request goes by the old state."""

    def pod_changed(self, view: PodView) -> None:
        """Take in a pod. Fills the slots before it returns, some milliseconds: a pod that is about to be ended gets no
        further request, because the agent tells us first."""
        began = time.monotonic()
        if view.gone:
            self._pods.pop(view.uid, None)
        else:
            self._pods[view.uid] = view
        before = self.changes
        self._fill()
        if self.changes != before:
            self.worst_seconds = max(self.worst_seconds, time.monotonic() - began)

    def _list_services(self, services: list[Json]) -> None:
        self._services = {service["metadata"]["uid"]: service for service in services}
        self._changed.set()

    def _service_event(self, kind: str, service: Json) -> None:
        if kind == "DELETED":
            self._services.pop(service["metadata"]["uid"], None)
        else:
            self._services[service["metadata"]["uid"]] = service
        self._changed.set()

    def _fill(self) -> None:
        """Write the slots that differ. Each file is replaced as a whole, so that no request reads half an address."""
        self.doors = doors(self._services.values(), self._pods.values())
        for door in self.doors:
            wanted, held = slots_of(door.upstreams, self._nobody), self._slots.get(door.key)
            if wanted == held:
                continue
            home = self._folder / door.key
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            for slot, address in enumerate(wanted):
                if held is None or held[slot] != address:
                    (home / "new").write_text(address)
                    (home / "new").rename(home / str(slot))
            self._slots[door.key] = wanted
            self.changes += 1

    async def run(self) -> None:
        """Go on until cancelled."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session, asyncio.TaskGroup() as group:
            group.create_task(self._reflector.run())
            group.create_task(self._follow(session))

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        while True:
            try:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), _RECHECK_SECONDS)
                if self._changed.is_set():
                    self._changed.clear()
                    await self._update(session)
                else:
                    await self._recheck(session)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                log.warning("Caddy did not take the Services, will try again: %s", error)
                self._loaded = {}
                self._changed.set()
                await asyncio.sleep(0.2)

    async def _update(self, session: aiohttp.ClientSession) -> None:
        self._fill()
        usable = [door for door in self.doors if door.key in self._loaded or self._usable(door)]
        servers = caddy_servers(usable, self._folder, self._nobody)
        if servers != self._loaded:
            await self._load(session, servers)
        for gone in self._slots.keys() - {door.key for door in self.doors}:
            shutil.rmtree(self._folder / gone, ignore_errors=True)
            del self._slots[gone]
        if self._reflector.lists:
            self.synced.set()

    def _usable(self, door: Door) -> bool:
        if can_listen(door.listen):
            self._refused.discard(door.listen)
            return True
        if door.listen not in self._refused:
            self._refused.add(door.listen)
            log.error("Service %s cannot be served: %s", door.service, _why_not(door.listen))
        return False

    async def _load(self, session: aiohttp.ClientSession, servers: Json) -> None:
        config = {**self._base, "apps": {"http": {**self._base["apps"]["http"], "servers": servers}}}
        async with session.post(f"{self._admin_url}/load", data=json.dumps(config), headers=_JSON) as answer:
            if answer.status >= 400:
                raise ValueError(f"{answer.status} {await answer.text()}")
        self._loaded = servers

    async def _recheck(self, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{self._admin_url}/config/apps/http/servers") as answer:
            held = await answer.json(content_type=None) if answer.status == 200 else None
        if (held or {}) != self._loaded:
            log.warning("Caddy has forgotten the Services; it is told again")
            self._loaded = {}
            self._changed.set()


_JSON = {"Content-Type": "application/json"}


def _why_not(listen: str) -> str:
    port = int(listen.rpartition(":")[2])
    lowest = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if port < lowest and os.geteuid() != 0:
        return f"only root may listen on ports below {lowest}; give the Service a higher port than {port}"
    return f"something else listens on {listen}"
