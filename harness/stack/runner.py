"""One part at run time: started, watched for readiness and for its end, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from harness.errors import Unavailable
from harness.stack import postgres, process
from harness.stack.launch import Launch
from harness.stack.state import PartState, Phase

_POLL_SECONDS = 0.03
_TAIL_LINES = 12


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 64 * 1024))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def health_client(timeout_seconds: float = 2) -> httpx.AsyncClient:
    """Asks for health on loopback only. Some parts sign their own certificates, so none is checked and none is shown."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return httpx.AsyncClient(verify=context, timeout=timeout_seconds, trust_env=False)


async def is_healthy(launch: Launch, client: httpx.AsyncClient) -> bool:
    """Whether the part answers that it is ready, now."""
    if launch.data is not None:
        return postgres.is_ready(launch.data)
    try:
        return (await client.get(launch.health_url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


class Runner:
    """A part's process. `on_end` is called, in the event loop, when it ends without having been stopped."""

    def __init__(self, launch: Launch, state: PartState, on_end: Callable[[Runner], None]) -> None:
        self.launch = launch
        self.state = state
        self._on_end = on_end
        self._child: subprocess.Popen[bytes] | None = None
        self._ended = asyncio.Event()
        self._stopping = False

    def start(self, environ: Mapping[str, str]) -> None:
        """Fork and watch. Call from the main thread. Raises Unavailable when the program cannot be run."""
        self._ended.clear()
        self._stopping = False
        launch = self.launch
        try:
            with self.state.log.open("ab") as log:
                self._child = process.spawn(
                    launch.args,
                    log,
                    {**environ, **launch.environ},
                    self.state.log.parent,
                    launch.user,
                    launch.death_signal,
                )
        except OSError as error:
            raise Unavailable(f"{launch.name} cannot be started ({launch.args[0]}): {error.strerror}.") from None
        self.state.phase = Phase.STARTING
        self.state.failure = ""
        with suppress(ProcessLookupError):
            self.state.process = process.record(launch.name, self._child.pid)
        descriptor = os.pidfd_open(self._child.pid)
        asyncio.get_running_loop().add_reader(descriptor, self._reap, descriptor)

    def _reap(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        code = self._child.wait() if self._child else 0
        self._ended.set()
        if self._stopping:
            self.state.phase = Phase.ENDED
            return
        self.state.phase = Phase.FAILED
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        last = tail(self.state.log)
        self.state.failure = f"{self.launch.name} {how}" + (f"; its log ends with:\n{last}" if last else "")
        self._on_end(self)

    async def ready(self, client: httpx.AsyncClient) -> None:
        """Wait until the part is ready. Raises Unavailable, with the tail of its log, when it ends instead."""
        while not self._ended.is_set():
            if await is_healthy(self.launch, client):
                self.state.phase = Phase.READY
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _POLL_SECONDS)
        raise Unavailable(self.state.failure)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it: the signal first, SIGKILL to its group after the part's grace."""
        self._stopping = True
        if self._child is None or self._ended.is_set():
            return
        with suppress(ProcessLookupError):
            os.kill(self._child.pid, number)
        try:
            await asyncio.wait_for(self._ended.wait(), self.launch.stop_grace_seconds)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            await self._ended.wait()
