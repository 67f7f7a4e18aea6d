"""The process that owns a cluster: `python -m harness.stack.supervisor FOLDER`. When it ends, so does the cluster.

It starts the parts side by side, each as soon as what it needs is ready, and ends all of them on SIGTERM, SIGINT, or the
end of its owner. The kernel does the same for it after a kill -9, because every part asked to die with its parent.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import RehearseError, Unavailable
from harness.stack import bootstrap, postgres
from harness.stack.address import Networks, choose_ports, claim_index
from harness.stack.companions import companions, extra
from harness.stack.control import serve_control, watch_owner, watch_starter
from harness.stack.controlplane import control_plane
from harness.stack.launch import PORTS, Launch, Layout
from harness.stack.pki import make_credentials, write_private
from harness.stack.runner import Runner, health_client
from harness.stack.state import (
    ClusterState,
    Options,
    PartState,
    Phase,
    new_state,
    read_order,
    write_processes,
    write_state,
)

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "JAVA_HOME", "XDG_CACHE_HOME")
"""What parts see of our environment: no proxy, no credential, no GO* or KUBE* setting of the person who started us."""

Report = Callable[[dict[str, Any]], None]


class Supervisor:
    """One cluster from its first process to its last."""

    def __init__(self, folder: Path, options: Options, binaries: dict[str, Path], report: Report) -> None:
        self.options = options
        self._report = report
        self._began = time.monotonic()
        self._index, self._claim = claim_index()
        ports = choose_ports(self._index, PORTS)
        self.layout = Layout(new_state(folder, options, binaries, self._index, ports), options, ports)
        self._runners: dict[str, Runner] = {}
        self._done: dict[str, asyncio.Event] = {}
        self._client = health_client()
        self._environ = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self.stop_asked = asyncio.Event()

    @property
    def state(self) -> ClusterState:
        """What is known of the cluster; written to its folder whenever it changes."""
        return self.layout.state

    async def start(self) -> None:
        """Start everything. Raises Unavailable when a part fails or the time is up; the caller stops the rest."""
        self._write()
        networks = Networks(self._index)
        await asyncio.to_thread(
            make_credentials,
            self.layout.pki,
            self.state.api_url,
            self.state.context,
            str(networks.api_service),
            datetime.now(UTC),
        )
        shutil.copyfile(self.layout.pki / "admin.kubeconfig", self.state.kubeconfig)
        self.state.kubeconfig.chmod(0o600)
        plan: dict[str, tuple[tuple[str, ...], Callable[[], Awaitable[None]]]] = {
            "api-objects": (("kube-apiserver",), self._api_objects),
            "external-metrics": (("keda-adapter", "keda-operator"), self._external_metrics),
            "postgres": (("kube-apiserver",), self._postgres),
        }
        for launch in (*control_plane(self.layout), *companions(self.layout)):
            self._add(launch)
            plan[launch.name] = (launch.needs, lambda launch=launch: self._launch(launch.name))  # type: ignore[misc]
        self._done = {name: asyncio.Event() for name in plan}
        try:
            async with asyncio.timeout(self.options.timeout_seconds), asyncio.TaskGroup() as group:
                for name, (needs, action) in plan.items():
                    group.create_task(self._step(name, needs, action))
        except TimeoutError:
            waiting = ", ".join(name for name, done in self._done.items() if not done.is_set())
            raise Unavailable(
                f"The cluster was not ready within {self.options.timeout_seconds:g} s; still waited for: {waiting}; "
                "see `rehearse logs`, or give more time with --timeout."
            ) from None
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        self.state.phase = Phase.READY
        self.state.ready_after_seconds = round(time.monotonic() - self._began, 3)
        self._write()

    async def _step(self, name: str, needs: tuple[str, ...], action: Callable[[], Awaitable[None]]) -> None:
        for need in needs:
            await self._done[need].wait()
        began = time.monotonic()
        self._report({"event": "started", "part": name})
        await action()
        seconds = round(time.monotonic() - began, 3)
        if name in self._runners:
            self._runners[name].state.ready_after_seconds = seconds
        self._done[name].set()
        self._report({"event": "ready", "part": name, "seconds": seconds})
        self._write()

    def _add(self, launch: Launch) -> None:
        part = PartState(
            name=launch.name,
            ports=dict(launch.ports),
            health_url=launch.health_url,
            log=self.state.folder / "logs" / f"{launch.name}.log",
        )
        part.log.parent.mkdir(exist_ok=True, mode=0o700)
        self.state.parts.append(part)
        self._runners[launch.name] = Runner(launch, part, self._part_ended)

    async def _launch(self, name: str) -> None:
        runner = self._runners[name]
        runner.start(self._environ)
        self._write()
        await runner.ready(self._client)

    async def _api_objects(self) -> None:
        async with bootstrap.Api(self.state.api_url, self.layout.pki) as api:
            await bootstrap.apply_objects(api)

    async def _external_metrics(self) -> None:
        authority = self.layout.pki / "keda" / "ca.crt"
        async with bootstrap.Api(self.state.api_url, self.layout.pki) as api:
            await bootstrap.serve_external_metrics(api, self.layout.ports["keda-adapter"], authority)
            await bootstrap.accept_scaled_object(api)

    async def _postgres(self) -> None:
        port = self.layout.ports["postgres"]
        home = postgres.home_for(self.state.folder)
        program, data, secrets = await asyncio.to_thread(postgres.prepare, home, port)
        write_private(self.state.secrets_path, secrets.model_dump_json(indent=1))
        launch = Launch(
            "postgres",
            (str(program), "-D", str(data)),
            needs=(),
            ports={"postgres": port},
            user=postgres.user_to_drop_to(),
            # SIGQUIT ends all its processes and removes its shared memory, which SIGKILL would leave.
            death_signal=signal.SIGQUIT,
            data=data,
        )
        self._add(launch)
        await self._launch("postgres")

    def _part_ended(self, runner: Runner) -> None:
        if self.state.phase is not Phase.ENDED:
            self.state.phase = Phase.FAILED
            self.state.failure = self.state.failure or runner.state.failure
            self._report({"event": "failed", "part": runner.launch.name, "text": runner.state.failure})
            self._write()

    async def restart(self, name: str) -> None:
        """Stop one part and start it again on the same ports. Raises Unavailable."""
        self.state.part(name)
        runner = self._runners[name]
        await runner.stop()
        await self._launch(name)
        if all(part.phase is Phase.READY for part in self.state.parts):
            self.state.phase, self.state.failure = Phase.READY, ""
        self._write()

    async def add(self, name: str, program: str) -> None:
        """Start one more part and wait until it is ready; nothing when it runs. Raises Unavailable and BadInput."""
        if name in self._runners:
            return
        port = choose_ports(self._index, [name])[name]
        self._add(extra(self.layout, name, program, port))
        await self._launch(name)
        self._write()

    async def stop(self) -> None:
        """End the parts, last to first: the pods with their agent, then what serves them, the database, the API, etcd."""
        self.state.phase = Phase.ENDED
        with suppress(OSError):
            self._write()
        for names in (("agent",), None, ("kube-apiserver",), ("etcd",)):
            chosen = (
                [self._runners[name] for name in names if name in self._runners]
                if names
                else [runner for name, runner in self._runners.items() if name not in ("kube-apiserver", "etcd")]
            )
            await asyncio.gather(*(runner.stop(_stop_signal(runner.launch)) for runner in chosen))
        await self._client.aclose()
        self._claim.close()

    def _write(self) -> None:
        records = [self.state.supervisor, *(part.process for part in self.state.parts if part.process)]
        write_processes(self.state.folder, records)
        write_state(self.state)


def _stop_signal(launch: Launch) -> signal.Signals:
    """PostgreSQL's SIGTERM waits for its clients; SIGINT ends their sessions. The API server's waits for its watchers."""
    return signal.SIGINT if launch.name == "postgres" else signal.SIGTERM


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one to tell of: an error with a sentence for people, else the first."""
    leaves: list[BaseException] = []
    for error in errors.exceptions:
        leaves.append(_first(error) if isinstance(error, BaseExceptionGroup) else error)
    return next((leaf for leaf in leaves if isinstance(leaf, RehearseError)), leaves[0])


async def supervise(folder: Path, channel: socket.socket | None) -> int:
    """Run a cluster until it is told to end. Progress goes to `channel` as JSON lines. Returns the exit code."""
    options, binaries = read_order(folder)

    def report(event: dict[str, Any]) -> None:
        if channel is not None:
            with suppress(OSError):
                channel.sendall(json.dumps(event).encode() + b"\n")

    loop = asyncio.get_running_loop()
    try:
        supervisor = Supervisor(folder, options, binaries, report)
    except RehearseError as error:
        report({"event": "error", "text": str(error)})
        shutil.rmtree(folder, ignore_errors=True)
        return 2
    stop = supervisor.stop_asked
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    code = 0
    try:
        with watch_owner(options.owner, stop.set), watch_starter(channel, stop.set):
            async with serve_control(folder, supervisor):
                starting = asyncio.create_task(supervisor.start())
                stopping = asyncio.create_task(stop.wait())
                await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
                if not starting.done():
                    starting.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await starting
                else:
                    await starting
                    report({"event": "up"})
                    await stopping
    except RehearseError as error:
        report({"event": "error", "text": str(error)})
        code = 2
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        report({"event": "error", "text": f"The cluster could not be kept: {type(error).__name__}: {error} ({place})"})
        code = 2
    finally:
        await supervisor.stop()
        postgres.discard(postgres.home_for(folder))
        shutil.rmtree(folder, ignore_errors=True)
        report({"event": "ended"})
    return code


def main() -> None:
    """Entry point. The second argument is the descriptor of a socket to the one who started us."""
    os.umask(0o077)
    descriptor = int(sys.argv[2]) if len(sys.argv) > 2 else -1
    channel = socket.socket(fileno=descriptor) if descriptor >= 0 else None
    sys.exit(asyncio.run(supervise(Path(sys.argv[1]), channel)))


if __name__ == "__main__":
    main()
