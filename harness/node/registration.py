"""The Node object and its lease: what makes the control plane believe in this node."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from harness.node.api import MERGE, STRATEGIC, ApiClient, Json
from harness.node.backoff import doubling
from harness.node.errors import ApiError, ApiUnreachable
from harness.node.journal import log
from harness.node.settings import NodeSettings
from harness.node.status import rfc3339, rfc3339_micro

VERSION = "v1.36.3"
"""The kubelet version that the node reports: the API it was written against."""


def capacity_of(settings: NodeSettings) -> dict[str, str]:
    """Capacity of the node; all of it is allocatable."""
    return {"cpu": settings.cpu, "memory": settings.memory, "pods": str(settings.pods), "ephemeral-storage": "20Gi"}


def node_conditions(ready: bool, since: datetime, now: datetime) -> list[Json]:
    """The node's conditions; ``since`` is when readiness last changed."""
    wanted = [
        ("MemoryPressure", False, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", False, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        (
            "Ready",
            ready,
            *(("KubeletReady", "node agent is ready") if ready else ("NodeAgentStopped", "node agent stopped")),
        ),
    ]
    return [
        {
            "type": kind,
            "status": "True" if value else "False",
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": rfc3339(now),
            "lastTransitionTime": rfc3339(since),
        }
        for kind, value, reason, message in wanted
    ]


def node_object(settings: NodeSettings, status_port: int | None, now: datetime) -> Json:
    """The whole Node, as it is first registered."""
    labels = {
        "kubernetes.io/hostname": settings.node_name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()),
        **settings.labels,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": settings.node_name, "labels": labels},
        "spec": {"podCIDR": settings.pod_cidr, "podCIDRs": [settings.pod_cidr]},
        "status": node_status(settings, status_port, True, now, now),
    }


def node_status(settings: NodeSettings, status_port: int | None, ready: bool, since: datetime, now: datetime) -> Json:
    """The status of the Node."""
    status: Json = {
        "capacity": capacity_of(settings),
        "allocatable": capacity_of(settings),
        "conditions": node_conditions(ready, since, now),
        # No Hostname: an API server asks for logs under that name first, and nothing resolves it.
        "addresses": [{"type": "InternalIP", "address": settings.host_ip}],
        "nodeInfo": {
            "machineID": _read("/etc/machine-id"),
            "systemUUID": _read("/etc/machine-id"),
            "bootID": _read("/proc/sys/kernel/random/boot_id"),
            "kernelVersion": platform.release(),
            "osImage": "local processes",
            "containerRuntimeVersion": "generalprobe://1",
            "kubeletVersion": VERSION,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()),
        },
    }
    if status_port is not None:
        status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": status_port}}
    return status


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


class Registration:
    """Registers the node, renews its lease and status, and takes it out of service."""

    def __init__(
        self, api: ApiClient, settings: NodeSettings, now: Callable[[], datetime], status_port: int | None
    ) -> None:
        self._api = api
        self._settings = settings
        self._now = now
        self._status_port = status_port
        self._ready_since = now()
        self._uid = ""
        self._path = f"/api/v1/nodes/{settings.node_name}"
        self._lease_path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"

    async def register(self) -> None:
        """Create the Node, or take over the one of that name; tries until the API server takes it."""
        failures = 0
        while True:
            try:
                await self._register_once()
                return
            except (ApiError, ApiUnreachable) as error:
                failures += 1
                log(logging.WARNING, "node not registered yet", node=self._settings.node_name, error=error)
                await asyncio.sleep(doubling(0.2, failures, 25))

    async def _register_once(self) -> None:
        wanted = node_object(self._settings, self._status_port, self._now())
        self._ready_since = self._now()
        try:
            found = await self._api.request("POST", "/api/v1/nodes", wanted)
        except ApiError as error:
            if error.status != 409:
                raise
            labels = {"metadata": {"labels": wanted["metadata"]["labels"]}}
            found = await self._api.request("PATCH", self._path, labels, content_type=MERGE)
            await self._patch_status(True)
        self._uid = found["metadata"]["uid"]
        log(logging.INFO, "node registered", node=self._settings.node_name, pid=os.getpid())

    async def keep_alive(self) -> None:
        """Renew lease and status until cancelled; a Node that somebody deleted is registered again."""
        failures = 0
        while True:
            try:
                await self._renew_lease()
                await self._patch_status(True)
                failures = 0
            except ApiError as error:
                if error.status == 404:
                    log(logging.WARNING, "node or lease is gone, registering again", error=error)
                    await self.register()
                failures += 1
            except ApiUnreachable as error:
                failures += 1
                log(logging.WARNING, "heartbeat not delivered", error=error)
            pause = doubling(0.5, failures, 8) if failures else self._settings.heartbeat_period
            await asyncio.sleep(min(pause, self._settings.heartbeat_period))

    async def retire(self) -> None:
        """Mark the node NotReady, or delete it when so set.

        Raises:
            ApiError, ApiUnreachable: the API server did not take it.
        """
        if self._settings.remove_node:
            await self._api.request("DELETE", self._path, timeout=5)
            return
        self._ready_since = self._now()
        await self._patch_status(False)

    async def _patch_status(self, ready: bool) -> None:
        status = node_status(self._settings, self._status_port, ready, self._ready_since, self._now())
        # Keyed by type: an address of a former life must go.
        status["addresses"] = [{"$patch": "replace"}, *status["addresses"]]
        await self._api.request("PATCH", f"{self._path}/status", {"status": status}, content_type=STRATEGIC, timeout=5)

    async def _renew_lease(self) -> None:
        name, now = self._settings.node_name, rfc3339_micro(self._now())
        spec = {"holderIdentity": name, "leaseDurationSeconds": self._settings.lease_duration, "renewTime": now}
        owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": self._uid}
        metadata = {"name": name, "namespace": "kube-node-lease", "ownerReferences": [owner]}
        lease: Json = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        path = f"{self._lease_path}/{name}"
        try:
            change: Json = {"metadata": {"ownerReferences": [owner]}, "spec": spec}
            await self._api.request("PATCH", path, change, content_type=MERGE, timeout=5)
        except ApiError as error:
            if error.status != 404:
                raise
            await self._create_lease(lease)

    async def _create_lease(self, lease: Json) -> None:
        try:
            await self._api.request("POST", self._lease_path, lease, timeout=5)
        except ApiError as error:
            if error.status != 404:
                raise
            # The API server makes the namespace of the leases some seconds after its own start.
            raise ApiUnreachable(str(error)) from error
