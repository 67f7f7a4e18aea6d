"""The life of one container: image, environment, process, probes, end, restart."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.node import leftovers, processes
from harness.node.attending import attend
from harness.node.backoff import RestartBackoff, doubling
from harness.node.errors import ApiError, ApiUnreachable, ContainerConfigError, ImageUnknown, MountError, StartError
from harness.node.images import Runnable
from harness.node.launching import Launch, Pod, Role, build_launch
from harness.node.probes import Action, ProbeResult, ProbeSpec
from harness.node.probing import ask
from harness.node.status import ContainerStatus, Running, Terminated, Waiting, ended_by_removal
from harness.node.volumes import to_real_paths

Remaining = Callable[[], float]
SHORTEST_STOP = 2.0
"""Seconds a container still gets for SIGTERM when preStop has eaten the whole grace period, as a kubelet gives."""


def restarts_after(policy: str, role: Role, exit_code: int) -> bool:
    """Whether a container runs again; an init container under Always only after a failure, a sidecar always."""
    if role == "sidecar":
        return True
    if role == "init" and policy == "Always":
        policy = "OnFailure"
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


class Container:
    """Runs one container of a pod; ``pod.changed()`` is called after each change of ``status``."""

    def __init__(self, pod: Pod, spec: Mapping[str, Any], role: Role, previous: Mapping[str, Any] | None) -> None:
        self._pod = pod
        self._spec = spec
        self.role: Role = role
        self.name = str(spec["name"])
        # A container that ran under a former agent is started anew, which is a restart.
        restarts = int(previous.get("restartCount", 0)) + bool(previous.get("containerID")) if previous else 0
        self.status = ContainerStatus(
            self.name, str(spec.get("image", "")), restart_count=restarts, restartable_init=role == "sidecar"
        )
        self.process: processes.Process | None = None
        self.has_started = asyncio.Event()
        self._backoff = RestartBackoff(pod.settings.backoff_base)
        self._launch: Launch | None = None
        self._limits: list[Remaining] = []
        self._ending = False
        self._side_tasks: set[asyncio.Task[None]] = set()

    @property
    def failed(self) -> bool:
        """Whether it ended with another exit code than 0."""
        return isinstance(self.status.state, Terminated) and self.status.state.exit_code != 0

    def log_path(self, restart: int) -> Path:
        """The log file of a run."""
        return self._pod.folder / self.name / f"{restart}.log"

    async def run(self) -> None:
        """Run, and run again as the restart policy says, until it is over or the pod stops."""
        while not self._pod.stopping.is_set():
            launch = await self._prepared()
            if launch is None or self._pod.stopping.is_set():
                break
            began = asyncio.get_running_loop().time()
            ended = await self._run_once(launch)
            if self._pod.stopping.is_set() or not restarts_after(self._pod.restart_policy, self.role, ended.exit_code):
                return
            await self._wait_before_restart(ended, asyncio.get_running_loop().time() - began)
        self._set(ended_by_removal(self.status))

    async def _wait_before_restart(self, ended: Terminated, ran_for: float) -> None:
        delay, self._backoff = self._backoff.after_run(ran_for)
        if delay:
            message = f"back-off {delay:g}s restarting failed container={self.name} pod={self._pod.title}"
            self._set(replace(self.status, state=Waiting("CrashLoopBackOff", message), last_state=ended))
            self._emit("Warning", "BackOff", f"Back-off restarting failed container {self.name} in pod {self._pod.title}")
            await self._pod.pause(delay)
        if not self._pod.stopping.is_set():
            self._set(replace(self.status, last_state=ended, restart_count=self.status.restart_count + 1))

    # -- before the process ------------------------------------------------------------------------------------------

    async def _prepared(self) -> Launch | None:
        """What to start, once image and environment are there; None when the pod stops before."""
        runnable = await self._resolved_image()
        while runnable is not None and not self._pod.stopping.is_set():
            try:
                return await build_launch(self._pod, self._spec, self.role, runnable)
            except (ContainerConfigError, MountError, ApiError, ApiUnreachable) as error:
                if self._pod.stopping.is_set():
                    break
                self._wait_for("CreateContainerConfigError", str(error))
                self._emit("Warning", "Failed", f"Error: {error}")
            await self._pod.pause(self._pod.settings.backoff_base / 5)
        return None

    async def _resolved_image(self) -> Runnable | None:
        image, tries = self.status.image, 0
        while not self._pod.stopping.is_set():
            try:
                runnable = self._pod.images.resolve(image)
            except ImageUnknown as error:
                tries += 1
                await self._back_off_image(image, str(error), tries)
                continue
            self._emit("Normal", "Pulled", f'Container image "{image}" already present on machine')
            return runnable
        return None

    async def _back_off_image(self, image: str, message: str, tries: int) -> None:
        base = self._pod.settings.backoff_base
        self._wait_for("ErrImagePull", message)
        self._emit("Warning", "Failed", f'Failed to pull image "{image}": {message}')
        self._emit("Warning", "Failed", "Error: ErrImagePull")
        await self._pod.pause(min(1.0, base / 10))
        self._wait_for("ImagePullBackOff", f'Back-off pulling image "{image}": {message}')
        self._emit("Normal", "BackOff", f'Back-off pulling image "{image}"')
        self._emit("Warning", "Failed", "Error: ImagePullBackOff")
        until = asyncio.get_running_loop().time() + doubling(base, tries)
        while not self._pod.stopping.is_set() and not self._pod.images.changed():
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await self._pod.pause(min(left, 0.5))

    def _wait_for(self, reason: str, message: str) -> None:
        self._set(replace(self.status, state=Waiting(reason, message), ready=False, started=False))

    # -- the process -------------------------------------------------------------------------------------------------

    async def _run_once(self, launch: Launch) -> Terminated:
        """Start the process, keep probing it, and wait for its end."""
        started_at = self._pod.now()
        container_id = f"generalprobe://{uuid.uuid4().hex}"
        self._emit("Normal", "Created", f"Container created: {self.name}")
        try:
            process = self._start(launch, container_id)
        except StartError as error:
            self._emit("Warning", "Failed", f"Error: {error}")
            ended = Terminated(128, "StartError", started_at, self._pod.now(), str(error), container_id)
            self._set(replace(self.status, state=ended, ready=False, started=False, container_id=container_id))
            return ended
        self.process, self._launch, self._ending, self._limits = process, launch, False, []
        waits = "startup" in launch.probes
        self._set(
            replace(
                self.status,
                state=Running(started_at),
                container_id=container_id,
                image_id=self.status.image,
                started=not waits,
                ready=not waits and "readiness" not in launch.probes,
            )
        )
        self._emit("Normal", "Started", f"Container started: {self.name}")
        if not waits:
            self.has_started.set()
        attending = asyncio.create_task(self._attend(launch))
        try:
            code = await asyncio.shield(process.exited)
        finally:
            attending.cancel()
            process.kill_group()
        reason = "Completed" if code == 0 else "Error"
        ended = Terminated(code, reason, started_at, self._pod.now(), "", container_id)
        self._set(replace(self.status, state=ended, ready=False, started=False))
        await asyncio.wait({attending})  # a cancellation of the probes is theirs, one of this task is not lost
        if not attending.cancelled():
            attending.result()
        return ended

    def _start(self, launch: Launch, container_id: str) -> processes.Process:
        settings = self._pod.settings
        try:
            output = processes.open_log(self.log_path(self.status.restart_count))
        except OSError as error:
            raise StartError(f"the log file of container {self.name} cannot be written: {error}") from error
        try:
            process = processes.start_process(launch.argv, launch.env, launch.cwd, output, settings.pod_niceness)
        finally:
            os.close(output)
        leftovers.record(settings.root, self._pod.run_id, process.pid, process.start_ticks, container_id)
        return process

    async def terminate(self, remaining: Remaining) -> None:
        """End the running process: preStop, SIGTERM, and SIGKILL to the group when ``remaining()`` seconds are used up.

        Called again while it is under way, the shorter time counts.
        """
        process, launch = self.process, self._launch
        if process is None or launch is None or process.exited.done():
            return
        self._limits.append(remaining)
        if self._ending:
            await asyncio.shield(process.exited)
            return
        self._ending = True
        self._set(replace(self.status, ready=False))
        if launch.pre_stop is not None and self._left() > 0:
            result = await self._hook(launch.pre_stop, process)
            if not result.ok:
                self._emit("Warning", "FailedPreStopHook", f"PreStopHook failed: {result.message}")
            extra = asyncio.get_running_loop().time() + SHORTEST_STOP
        else:
            extra = 0.0
        process.signal(15)
        while not process.exited.done():
            left = max(self._left(), extra - asyncio.get_running_loop().time())
            if left <= 0:
                process.kill_group()
                await asyncio.shield(process.exited)
                return
            await asyncio.wait({process.exited}, timeout=min(left, 0.5))

    def kill(self) -> None:
        """SIGKILL to the group, now."""
        if self.process is not None:
            self.process.kill_group()

    def _left(self) -> float:
        return min(limit() for limit in self._limits)

    async def _hook(self, action: Action, process: processes.Process) -> ProbeResult:
        asking = asyncio.ensure_future(self._ask(action, max(self._left(), 0.01)))
        process.exited.add_done_callback(lambda _: asking.cancel())
        try:
            return await asking
        except asyncio.CancelledError:
            if process.exited.done():  # nobody is left to prepare for the end
                return ProbeResult(True)
            raise

    # -- while it runs -----------------------------------------------------------------------------------------------

    async def _attend(self, launch: Launch) -> None:
        if launch.post_start is not None:
            result = await self._ask(launch.post_start, self._pod.grace_period)
            if not result.ok:
                self._emit("Warning", "FailedPostStartHook", f"PostStartHook failed: {result.message}")
                self._kill_because("failed its postStart hook", None)
                return
        await attend(launch.probes, self)

    async def answer(self, probe: ProbeSpec) -> ProbeResult:
        """Ask a probe once; a failure becomes an event, unless the container is on its way out."""
        result = await self._ask(probe.action, probe.timeout)
        if not result.ok and not self._ending:
            self._emit("Warning", "Unhealthy", f"{probe.kind.capitalize()} probe failed: {result.message}")
        return result

    def startup_passed(self, ready: bool) -> None:
        """The startup probe has passed; ``ready`` when no readiness probe has to pass as well."""
        self._set(replace(self.status, started=True, ready=ready and not self._ending))
        self.has_started.set()

    def readiness_is(self, passing: bool) -> None:
        """The readiness probe passes or fails by its thresholds."""
        self._set(replace(self.status, ready=passing and not self._ending))

    def must_restart(self, probe: ProbeSpec) -> None:
        """The startup or liveness probe has failed by its threshold."""
        self._kill_because(f"failed {probe.kind} probe", probe)

    async def _ask(self, action: Action, timeout: float) -> ProbeResult:
        launch = self._launch
        if launch is None:
            return ProbeResult(False, "the container does not run")

        async def run_command(command: tuple[str, ...], limit: float) -> ProbeResult:
            words = [to_real_paths(word, launch.mounts) for word in command]
            niceness = self._pod.settings.pod_niceness
            return await processes.run_command(words, launch.env, launch.cwd, limit, niceness)

        return await ask(action, self._pod.ip, timeout, run_command)

    def _kill_because(self, why: str, probe: ProbeSpec | None) -> None:
        if self._ending:
            return
        self._emit("Normal", "Killing", f"Container {self.name} {why}, will be restarted")
        grace = self._pod.grace_period if probe is None or probe.grace_period is None else float(probe.grace_period)
        deadline = asyncio.get_running_loop().time() + grace
        # Not in the probe's own task: that one ends with the process.
        task = asyncio.create_task(self.terminate(lambda: deadline - asyncio.get_running_loop().time()))
        self._side_tasks.add(task)
        task.add_done_callback(self._side_tasks.discard)

    def _set(self, status: ContainerStatus) -> None:
        if status != self.status:
            self.status = status
            self._pod.changed()

    def _emit(self, kind: str, reason: str, message: str) -> None:
        self._pod.emit(kind, reason, message, self.name)
