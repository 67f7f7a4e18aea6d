"""The life of one pod: address, volumes, init containers, containers, end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.node.addresses import AddressPool
from harness.node.api import ApiClient, Json
from harness.node.containers import Container
from harness.node.environment import PodFacts
from harness.node.errors import AddressesExhausted, ApiError, ApiUnreachable, ContainerConfigError, MountError
from harness.node.events import EventRecorder
from harness.node.images import ImageTables
from harness.node.order import ContainerOrder, role_of
from harness.node.publishing import StatusPublisher, delete_pod, remaining_grace
from harness.node.settings import NodeSettings
from harness.node.status import PodState, parse_time
from harness.node.telling import PodTeller
from harness.node.views import PodListener, PodView
from harness.node.volumes import make_volumes, remove_volumes, volume_sources_needed


@dataclass(frozen=True)
class NodeParts:
    """What the pods of a node share."""

    settings: NodeSettings
    api: ApiClient
    events: EventRecorder
    images: ImageTables
    addresses: AddressPool
    run_id: str
    allocatable: Mapping[str, str]
    tell: PodListener


class PodWorker:
    """Runs one pod from the moment it is seen on the node until it has left it."""

    def __init__(self, pod: Json, parts: NodeParts) -> None:
        self.pod = pod
        self.settings = parts.settings
        self.images = parts.images
        self.run_id = parts.run_id
        self.stopping = asyncio.Event()
        self.ip = ""
        self.volume_paths: dict[str, Path] = {}
        metadata = pod["metadata"]
        self.uid: str = metadata["uid"]
        self.namespace: str = metadata["namespace"]
        self.name: str = metadata["name"]
        self.folder = parts.settings.root.resolve() / "pods" / f"{self.namespace}_{self.name}_{self.uid}"
        self._parts = parts
        self._spec: Json = pod["spec"]
        self._path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"
        self._publisher = StatusPublisher(parts.api, self._path, self.removed)
        self._teller = PodTeller(pod, parts.tell, self._publisher)
        self._started_at: datetime | None = None
        self._finished = False
        self._failure: tuple[str, str] | None = None
        self._removed = False
        self._agent_stops = False
        self._delete_asked = asyncio.Event()
        self._stop_deadline: float | None = None
        before = {
            status["name"]: status
            for key in ("initContainerStatuses", "containerStatuses")
            for status in (pod.get("status") or {}).get(key) or []
        }
        self.init = [
            Container(self, spec, role_of(spec, True), before.get(spec["name"]))
            for spec in self._spec.get("initContainers") or []
        ]
        self.main = [Container(self, spec, "main", before.get(spec["name"])) for spec in self._spec["containers"]]
        self._order = ContainerOrder(self.init, self.main, self.stopping, self.emit)

    # -- what containers need ----------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """``name_namespace(uid)``, as a kubelet writes it."""
        return f"{self.name}_{self.namespace}({self.uid})"

    @property
    def restart_policy(self) -> str:
        """Always, OnFailure or Never."""
        return str(self._spec.get("restartPolicy") or "Always")

    @property
    def grace_period(self) -> float:
        """Seconds between SIGTERM and SIGKILL."""
        grace = self._spec.get("terminationGracePeriodSeconds")
        return float(30 if grace is None else grace)

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)

    def emit(self, kind: str, reason: str, message: str, container: str | None = None) -> None:
        """Note an event about the pod or one of its containers."""
        regarding = {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": self.namespace,
            "name": self.name,
            "uid": self.uid,
        }
        if container is not None:
            group = "initContainers" if any(c.name == container for c in self.init) else "containers"
            regarding["fieldPath"] = f"spec.{group}{{{container}}}"
        self._parts.events.emit(regarding, kind, reason, message)

    async def facts(self, config_maps: set[str], secrets: set[str]) -> PodFacts:
        """The pod with its addresses and the given ConfigMaps and Secrets as they are now.

        Raises:
            ApiError, ApiUnreachable: they cannot be read, or the pod is to end before they are there.
        """
        asking = asyncio.create_task(self._parts.api.sources(self.namespace, config_maps, secrets))
        stopped = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({asking, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise ApiUnreachable("The pod is to end before its ConfigMaps and Secrets were read")
            sources = asking.result()
        finally:
            asking.cancel()
            stopped.cancel()
        return PodFacts(self.pod, self.ip, self.settings.host_ip, self._parts.allocatable, sources)

    async def pause(self, seconds: float) -> None:
        """Wait, but not longer than the pod lives."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()

    def changed(self) -> None:
        """Tell the listener in this very moment, and the API server as soon as it listens."""
        self._teller.changed(self.pod, self.state(), self.now())

    # -- what the node does ------------------------------------------------------------------------------------------

    @property
    def terminating(self) -> bool:
        """Whether the pod is on its way out."""
        return self.stopping.is_set() or "deletionTimestamp" in self.pod["metadata"]

    def state(self) -> PodState:
        """Everything the status is computed from, as it is now."""
        known = {c["type"]: c.get("status") for c in (self.pod.get("status") or {}).get("conditions") or []}
        gates = [gate["conditionType"] for gate in self._spec.get("readinessGates") or []]
        return PodState(
            restart_policy=self.restart_policy,
            init=tuple(container.status for container in self.init),
            main=tuple(container.status for container in self.main),
            pod_ip=self.ip,
            host_ip=self.settings.host_ip,
            started_at=self._started_at,
            generation=self.pod["metadata"].get("generation"),
            terminating=self.terminating,
            finished=self._finished,
            failure=self._failure,
            gates={gate: known.get(gate) == "True" for gate in gates},
        )

    def view(self) -> PodView:
        """The pod as a listener sees it."""
        return self._teller.view(self.pod, self.state())

    def object(self) -> Json:
        """The pod object with the status as this agent knows it, which may be newer than the API server's."""
        return self._teller.object(self.pod, self.state(), self.now())

    def update(self, pod: Json) -> None:
        """Take in a newer version of the pod, which may be its deletion or a shorter grace period for it."""
        self.pod = pod
        metadata = pod["metadata"]
        if deletion := metadata.get("deletionTimestamp"):
            grace = float(metadata.get("deletionGracePeriodSeconds") or 0)
            self._delete_asked.set()
            self._stop_within(remaining_grace(deletion, grace, self.now()))
        self.changed()

    def removed(self) -> None:
        """The API server has the pod no longer: whatever still runs is killed at once."""
        if self._removed:
            return
        self._removed = True
        self._publisher.gone.set()
        self._delete_asked.set()
        self._stop_within(0)

    def stop_with_agent(self, grace: float) -> None:
        """The agent stops: end the processes within ``grace`` seconds, leave the pod object to the control plane."""
        self._delete_asked.set()
        self._stop_within(min(grace, self.grace_period))
        # Not ready is the last word: the pod is to be started anew by the next agent, so it must not look finished.
        self._teller.be_silent()
        self._agent_stops = True

    def _stop_within(self, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        if self._stop_deadline is None or deadline < self._stop_deadline:
            self._stop_deadline = deadline
        self.stopping.set()
        self.changed()
        if seconds <= 0:
            for container in [*self.init, *self.main]:
                container.kill()

    def _grace_left(self) -> float:
        if self._stop_deadline is None:
            return self.grace_period
        return self._stop_deadline - asyncio.get_running_loop().time()

    # -- the life itself ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """From the first sight to the end; returns when the pod has left the node."""
        publishing = asyncio.create_task(self._publisher.run())
        try:
            self._started_at = self._first_start()
            if self._teller.over:  # ended under a former agent
                await self._delete_asked.wait()
                await self._delete_object()
                return
            await self._live()
            self._finished = not self._agent_stops
            self.changed()
            if not self._agent_stops:
                await self._publisher.settled(5)
                await self._delete_asked.wait()
                await self._delete_object()
        finally:
            for container in [*self.init, *self.main]:
                container.kill()
            if self._agent_stops:
                await self._publisher.settled(1)
            publishing.cancel()
            remove_volumes(self.folder / "volumes")
            self._parts.addresses.give_back(self.ip)
            self._teller.gone(self.pod, self.state())

    def _first_start(self) -> datetime:
        earlier = (self.pod.get("status") or {}).get("startTime")
        return parse_time(earlier) if earlier else self.now()

    async def _live(self) -> None:
        lifecycle = asyncio.create_task(self._in_order())
        stopped = asyncio.create_task(self.stopping.wait())
        limit = self._spec.get("activeDeadlineSeconds")
        try:
            timeout = float(limit) if limit is not None else None
            await asyncio.wait({lifecycle, stopped}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not lifecycle.done() and not stopped.done():
                message = "Pod was active on the node longer than the specified deadline"
                self.emit("Normal", "DeadlineExceeded", message)
                self._failure = ("DeadlineExceeded", message)
                self._stop_within(self.grace_period)
            if not lifecycle.done():
                await self._order.terminate(self._grace_left)
            await lifecycle
        finally:
            stopped.cancel()
            lifecycle.cancel()

    async def _delete_object(self) -> None:
        await delete_pod(self._parts.api, self._path, self.uid, lambda: not self._removed and not self._agent_stops)

    async def _in_order(self) -> None:
        if await self._sandbox():
            await self._order.run(lambda: self._stop_within(self.grace_period))
        await self._order.settle_those_that_never_ran()

    async def _sandbox(self) -> bool:
        """Give the pod its address and volumes; False when it was stopped before that worked."""
        self.changed()
        while not self.stopping.is_set():
            try:
                if not self.ip:
                    before = (self.pod.get("status") or {}).get("podIP")
                    host_network = self._spec.get("hostNetwork")
                    self.ip = self.settings.host_ip if host_network else self._parts.addresses.take(before)
                facts = await self.facts(*volume_sources_needed(self.pod))
                self.volume_paths = make_volumes(facts, self.folder / "volumes")
                self.changed()
                return True
            except AddressesExhausted as error:
                self.emit("Warning", "FailedCreatePodSandBox", f"Failed to create pod sandbox: {error}")
            except (MountError, ContainerConfigError, ApiError, ApiUnreachable, OSError) as error:
                if not self.stopping.is_set():
                    self.emit("Warning", "FailedMount", f"MountVolume.SetUp failed: {error}")
            await self.pause(self.settings.backoff_base / 5)
        return False
