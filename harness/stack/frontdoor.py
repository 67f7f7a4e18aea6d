"""The front door: every Service answers on its own loopback address, by Caddy, from the pods that are ready right now.

A cluster's kube-proxy, in short. Endpoints may not hold loopback addresses, so Caddy is told through its admin API instead.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
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

_RECHECK_SECONDS = 2.0
"""How often Caddy is asked whether it still has what it was told: it forgets when it is restarted."""


@dataclass(frozen=True, slots=True)
class Door:
    """One port of one Service, and the pods behind it (`address:port`, sorted)."""

    service: str
    listen: str
    upstreams: tuple[str, ...]


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


def caddy_servers(wanted: Iterable[Door]) -> Json:
    """The doors as Caddy's HTTP servers. Pure."""
    return {f"{door.service}:{door.listen.rpartition(':')[2]}": _server(door) for door in wanted}


def _server(door: Door) -> Json:
    if door.upstreams:
        handler: Json = {
            "handler": "reverse_proxy",
            "upstreams": [{"dial": upstream} for upstream in door.upstreams],
            # A pod that just died refuses connections until the next change: another one is tried. Caddy repeats a
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
    else:
        body = f"no ready pod for Service {door.service}\n"
        handler = {"handler": "static_response", "status_code": 503, "body": body}
    return {
        "listen": [door.listen],
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
    """Keeps Caddy's servers as they should be. `pod_changed` is a listener of the node agent."""

    def __init__(self, api: ApiClient, admin_url: str, base: Json) -> None:
        self._admin_url = admin_url
        self._base = base
        self._pods: dict[str, PodView] = {}
        self._services: dict[str, Json] = {}
        self._changed = asyncio.Event()
        self._changed_at: float | None = None
        self._loaded: Json = {}
        self._refused: set[str] = set()
        self._reflector = Reflector(api, "/api/v1/services", {}, self._list_services, self._service_event)
        self.synced = asyncio.Event()
        self.doors: list[Door] = []
        self.changes = 0
        self.last_seconds = 0.0
        """How long the last change took, from the readiness change to Caddy's word that it is in force."""
        self.worst_seconds = 0.0

    def pod_changed(self, view: PodView) -> None:
        """Take in a pod. Does not block."""
        if view.gone:
            self._pods.pop(view.uid, None)
        else:
            self._pods[view.uid] = view
        self._touch()

    def _list_services(self, services: list[Json]) -> None:
        self._services = {service["metadata"]["uid"]: service for service in services}
        self._touch()

    def _service_event(self, kind: str, service: Json) -> None:
        if kind == "DELETED":
            self._services.pop(service["metadata"]["uid"], None)
        else:
            self._services[service["metadata"]["uid"]] = service
        self._touch()

    def _touch(self) -> None:
        if self._changed_at is None:
            self._changed_at = time.monotonic()
        self._changed.set()

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
                    began, self._changed_at = self._changed_at, None
                    await self._update(session, began)
                else:
                    await self._recheck(session)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                log.warning("Caddy did not take the Services, will try again: %s", error)
                self._loaded = {}
                self._touch()
                await asyncio.sleep(0.2)

    async def _update(self, session: aiohttp.ClientSession, began: float | None) -> None:
        wanted = doors(self._services.values(), self._pods.values())
        held = {door.listen for door in self.doors}
        usable = [door for door in wanted if door.listen in held or self._usable(door)]
        servers = caddy_servers(usable)
        if servers != self._loaded:
            await self._load(session, servers)
            self.changes += 1
            if began is not None:
                self.last_seconds = time.monotonic() - began
                self.worst_seconds = max(self.worst_seconds, self.last_seconds)
        self.doors = usable
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
        # A server in use is left as it is when nothing in the configuration changed; `must-revalidate` would force it.
        async with session.post(f"{self._admin_url}/load", data=json.dumps(config), headers=_JSON) as answer:
            if answer.status >= 400:
                raise ValueError(f"{answer.status} {await answer.text()}")
        self._loaded = servers

    async def _recheck(self, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{self._admin_url}/config/apps/http/servers") as answer:
            held = await answer.json(content_type=None) if answer.status == 200 else None
        if (held or {}) != self._loaded:
            log.warning("Caddy has forgotten the Services; it is told again")
            self._loaded, self.doors = {}, []
            self._touch()


_JSON = {"Content-Type": "application/json"}


def _why_not(listen: str) -> str:
    port = int(listen.rpartition(":")[2])
    lowest = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if port < lowest and os.geteuid() != 0:
        return f"only root may listen on ports below {lowest}; give the Service a higher port than {port}"
    return f"something else listens on {listen}"
