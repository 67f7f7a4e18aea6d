"""The node agent: a Node, its pods, and everything around them in one asyncio task tree."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from harness.node import leftovers
from harness.node.addresses import AddressPool
from harness.node.api import ApiClient, Json
from harness.node.errors import ApiError, ApiUnreachable, NodeError
from harness.node.events import EventRecorder
from harness.node.images import ImageTables
from harness.node.journal import log
from harness.node.kubeconfig import load_access
from harness.node.pods import NodeParts, PodWorker
from harness.node.registration import Registration, capacity_of
from harness.node.server import StatusServer
from harness.node.settings import NodeSettings
from harness.node.views import PodListener, PodView
from harness.node.watching import Reflector

ORDERLY_STOP_SECONDS = 10.0
"""What an orderly stop takes at most beyond the grace of the pods; its steps are bounded to less than that in sum."""
CANCELLED_STOP_SECONDS = 3.0


class NodeAgent:
    """Runs the pods that are bound to one node.

    Embed it with ``run()`` and ``stop()``, both in the same event loop. Its thread must live as long as the agent: the
    kernel ends containers when the thread that started them ends.

    ``on_pod_change`` is called in the same tick in which a pod's phase, address, labels or readiness changes. It must
    not block.
    """

    def __init__(self, settings: NodeSettings, on_pod_change: PodListener | None = None) -> None:
        self.settings = settings
        self.status_port: int | None = None
        self.registered = asyncio.Event()
        self._listeners: list[PodListener] = [on_pod_change] if on_pod_change else []
        self._workers: dict[str, PodWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stop_asked = asyncio.Event()
        self._stopped = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._parts: NodeParts | None = None

    def add_listener(self, listener: PodListener) -> None:
        """Tell one more listener from now on, and about every pod that is here already."""
        self._listeners.append(listener)
        for worker in self._workers.values():
            listener(worker.view())

    def pods(self) -> list[PodWorker]:
        """The pods on the node now."""
        return list(self._workers.values())

    async def stop(self) -> None:
        """End all containers, retire the node and wait for it; harmless when it does not run or is called twice.

        It returns after ``stop_grace`` and some seconds, also when the API server answers nobody. Should an orderly stop
        not come to its end by then, ``run()`` is cancelled, and the warden ends the containers.
        """
        self._stop_asked.set()
        if self._running is None:
            return
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            for patience in (self.settings.stop_grace + ORDERLY_STOP_SECONDS, CANCELLED_STOP_SECONDS):
                await asyncio.wait({stopped}, timeout=patience)
                if self._stopped.is_set():
                    return
                log(logging.ERROR, "the agent does not stop, it is cancelled", pods=[pod.title for pod in self.pods()])
                self._running.cancel()
        finally:
            stopped.cancel()

    async def run(self) -> None:
        """Be a node until ``stop()``.

        Raises:
            NodeError: kubeconfig, image table, CIDR, root or status port cannot be used. Later trouble is
                logged and outlived.
        """
        settings = self.settings
        access = load_access(settings.kubeconfig)
        addresses = AddressPool(settings.pod_cidr)
        images = ImageTables(settings.images)
        images.load()
        self._running = asyncio.current_task()
        try:
            with _root_held(settings) as run_id, _warden(settings, run_id):
                api = ApiClient(access)
                try:
                    events = EventRecorder(api, settings.node_name, _now)
                    allocatable = capacity_of(settings)
                    self._parts = NodeParts(settings, api, events, images, addresses, run_id, allocatable, self._tell)
                    await self._serve(api, events)
                finally:
                    self._drop_pods()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(api.close(), 1)
        finally:
            self._running = None
            self._stopped.set()

    async def _serve(self, api: ApiClient, events: EventRecorder) -> None:
        server = StatusServer(self) if self.settings.status_port is not None else None
        if server is not None:
            self.status_port = await server.start()
        registration = Registration(api, self.settings, _now, self.status_port)
        background = [asyncio.create_task(self._be_a_node(api, registration)), asyncio.create_task(events.run())]
        stopping = asyncio.create_task(self._stop_asked.wait())
        try:
            await asyncio.wait({*background, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in background:
                if task.done() and not stopping.done():
                    task.result()
        finally:
            stopping.cancel()
            background[0].cancel()
            await self._stop_pods()
            background[1].cancel()
            await asyncio.wait(background, timeout=1)
            await self._say_goodbye(events, registration)
            if server is not None:
                await server.stop()

    async def _be_a_node(self, api: ApiClient, registration: Registration) -> None:
        await registration.register()
        self.registered.set()
        selector = {"fieldSelector": f"spec.nodeName={self.settings.node_name}"}
        pods = Reflector(api, "/api/v1/pods", selector, self._on_list, self._on_event)
        async with asyncio.TaskGroup() as group:
            group.create_task(registration.keep_alive())
            group.create_task(pods.run())

    async def _stop_pods(self) -> None:
        for worker in self._workers.values():
            worker.stop_with_agent(self.settings.stop_grace)
        if self._tasks:
            # Containers are killed when the grace is over; what is left then is talk to an API server that is silent.
            _, late = await asyncio.wait(self._tasks.values(), timeout=self.settings.stop_grace + 2)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=2)

    def _drop_pods(self) -> None:
        """After an orderly stop there is none; what is left must not start a container again behind the warden's back."""
        for uid, worker in list(self._workers.items()):
            worker.stop_with_agent(0)
            self._tasks[uid].cancel()

    async def _say_goodbye(self, events: EventRecorder, registration: Registration) -> None:
        # A cluster that is shut down as a whole may be gone already.
        with contextlib.suppress(ApiError, ApiUnreachable, TimeoutError):
            async with asyncio.timeout(2):
                if self.registered.is_set():
                    await registration.retire()
                await events.flush()

    # -- pods --------------------------------------------------------------------------------------------------------

    def _on_list(self, pods: list[Json]) -> None:
        seen = {pod["metadata"]["uid"] for pod in pods}
        for uid, worker in list(self._workers.items()):
            if uid not in seen:
                worker.removed()
        for pod in pods:
            self._take(pod)

    def _on_event(self, kind: str, pod: Json) -> None:
        worker = self._workers.get(pod["metadata"]["uid"])
        if kind == "DELETED":
            if worker is not None:
                worker.removed()
            return
        self._take(pod)

    def _take(self, pod: Json) -> None:
        uid = pod["metadata"]["uid"]
        if worker := self._workers.get(uid):
            worker.update(pod)
            return
        if self._parts is None or self._stop_asked.is_set():
            return
        worker = PodWorker(pod, self._parts)
        self._workers[uid] = worker
        task = asyncio.create_task(worker.run())
        self._tasks[uid] = task
        task.add_done_callback(lambda done: self._left(uid, done))
        if "deletionTimestamp" in pod["metadata"]:
            worker.update(pod)

    def _left(self, uid: str, task: asyncio.Task[None]) -> None:
        worker = self._workers.pop(uid, None)
        self._tasks.pop(uid, None)
        if not task.cancelled() and (error := task.exception()) and worker is not None:
            log(logging.ERROR, "a pod's worker failed; its processes are ended", pod=worker.title, error=error)
            # As a kubelet syncs again. Should the pod be gone by then, the first write of its status tells.
            asyncio.get_running_loop().call_later(self.settings.backoff_base, self._take, worker.pod)

    def _tell(self, view: PodView) -> None:
        for listener in self._listeners:
            try:
                listener(view)
            except Exception as error:  # a listener's fault must not end the pod it was told about
                log(logging.ERROR, "a pod listener failed", pod=f"{view.namespace}/{view.name}", error=error)


def _now() -> datetime:
    return datetime.now(UTC)


@contextlib.contextmanager
def _root_held(settings: NodeSettings) -> Iterator[str]:
    """Hold the root folder for this agent alone and end what an earlier one left there; gives the id of this run."""
    root = settings.root
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(root / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise NodeError(f"The node agent cannot write its folder {root}: {error.strerror}; give another --root") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise NodeError(f"Another node agent uses {root}; stop it or give another --root") from error
        ended = leftovers.end_leftovers(root)
        if ended:
            log(logging.WARNING, "ended what an earlier agent left running", processes=ended)
        (root / leftovers.RECORD).write_text("", encoding="utf-8")
        yield uuid.uuid4().hex
    finally:
        os.close(lock)


@contextlib.contextmanager
def _warden(settings: NodeSettings, run_id: str) -> Iterator[None]:
    """Keep a warden beside the agent: when the agent is killed, it ends the processes that it left."""
    warden = subprocess.Popen(
        [sys.executable, "-I", "-S", leftovers.__file__, str(settings.root.resolve()), run_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        if warden.stdin:
            warden.stdin.close()
        try:
            warden.wait(timeout=10)
        except subprocess.TimeoutExpired:
            warden.kill()
            warden.wait()
