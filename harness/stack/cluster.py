"""The embedded cluster for the rest of the harness: `up`, `read`, `down`, and what can be changed while it runs."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from harness.errors import BadInput, Unavailable
from harness.stack import build, postgres, process
from harness.stack.control import ask
from harness.stack.images import merge_tables, write_table
from harness.stack.location import make_folder, state_root, unusable
from harness.stack.parts import Need, needed, part
from harness.stack.pki import write_private
from harness.stack.progress import Progress
from harness.stack.runner import tail
from harness.stack.state import ClusterState, Options, Phase, folder_of, read_processes, read_state, write_order

__all__ = ["ClusterState", "Options", "Unavailable", "down", "names", "read", "up"]


def names() -> list[str]:
    """The names of all clusters that left a folder, running or not."""
    try:
        return sorted(entry.name for entry in state_root().iterdir() if entry.is_dir())
    except OSError:
        return []


def read(name: str = "default") -> ClusterState:
    """A running cluster's state. Raises Unavailable when it does not run."""
    state = read_state(folder_of(name))
    if state is None or not process.is_alive(state.supervisor):
        rest = "; `rehearse down` clears away what is left of it" if folder_of(name).exists() else ""
        raise Unavailable(f"Cluster '{name}' is not running; start it with `rehearse up --name {name}`{rest}.")
    return state


def up(options: Options, progress: Progress) -> ClusterState:
    """Start a cluster and return once a ScaledObject is accepted; the one that already runs when its lapse is the same.

    Builds what is missing first. Call from the main thread. Raises Unavailable with the tail of the log of the part that
    failed, and BadInput. On any exception, KeyboardInterrupt too, nothing is left running.
    """
    _require_platform(platform.system(), platform.machine())
    folder = folder_of(options.name)
    merge_tables(options.images)
    binaries = build.provide(needed(Need.ALWAYS), options.bin_dir, progress)
    postgres.programs()
    make_folder(folder.parent, "the state of clusters", 0o711)
    with _lock(options.name):
        running = read_state(folder)
        if running is not None and process.is_alive(running.supervisor):
            return _reuse(running, options)
        clear(folder)
        try:
            _prepare(folder, options, binaries)
            return _start(folder, options, progress)
        except BaseException:
            clear(folder)
            raise


def _prepare(folder: Path, options: Options, binaries: dict[str, Path]) -> None:
    try:
        folder.mkdir(mode=0o711)
        write_order(folder, options, binaries)
        write_table(folder, options.images)
    except OSError as error:
        raise unusable(folder.parent, "the state of clusters", error) from None


def _require_platform(system: str, machine: str) -> None:
    if system != "Linux" or machine not in ("x86_64", "aarch64"):
        raise Unavailable(
            f"The embedded cluster runs on Linux on x86-64 or arm64, this is {system} on {machine}; "
            "rehearse on a cluster you have, with --target."
        )


def _reuse(running: ClusterState, options: Options) -> ClusterState:
    if running.phase is Phase.FAILED:
        raise Unavailable(f"Cluster '{running.name}' has failed: {running.failure}\nEnd it with `rehearse down` first.")
    if running.lapse != options.lapse:
        raise BadInput(
            f"Cluster '{running.name}' runs with lapse {running.lapse:g}, not {options.lapse:g}; end it with "
            f"`rehearse down --name {running.name}`, or start another with --name."
        )
    return running


def _start(folder: Path, options: Options, progress: Progress) -> ClusterState:
    ours, theirs = socket.socketpair()
    log = folder / "supervisor.log"
    write_private(log, "")
    with ours, log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "harness.stack.supervisor", str(folder), str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=build.inherit_environ(),
            cwd="/",
            start_new_session=True,
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        try:
            failure = _follow(ours, progress)
            if failure is None:
                ours.sendall(b"stay\n")
                return read(options.name)
            last = tail(log)
            child.wait(30)
            shutil.rmtree(folder, ignore_errors=True)
            raise Unavailable(failure or f"The supervisor ended without a word; its log ends with:\n{last}")
        except BaseException:
            _interrupt(child)
            raise


def _follow(channel: socket.socket, progress: Progress) -> str | None:
    """Progress until the cluster is up (None) or has failed (why; empty when the supervisor did not say)."""
    failure = ""
    for line in channel.makefile():
        event: dict[str, Any] = json.loads(line)
        match event["event"]:
            case "started":
                progress.began("start", event["part"])
            case "ready":
                progress.done("start", event["part"], event["seconds"])
            case "up":
                return None
            case "error":
                failure = event["text"]
            case "failed":
                failure = failure or event["text"]
    return failure


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        child.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(20)
        return
    child.kill()
    child.wait()


def down(name: str = "default") -> bool:
    """End a cluster and remove its folder, also what a crash left of it. Whether there was anything to end."""
    folder = folder_of(name)
    if not folder.exists():
        return False
    state = read_state(folder)
    if state is not None:
        stubborn = process.end([state.supervisor], grace_seconds=30)
        if stubborn:
            raise Unavailable(f"The supervisor of cluster '{name}' (pid {state.supervisor.pid}) cannot be ended.")
    clear(folder)
    return True


def clear(folder: Path) -> None:
    """End what is still recorded as running in a cluster's folder, by pid and start time, and remove the folder."""
    if not folder.exists():
        return
    stubborn = process.end(list(reversed(read_processes(folder))), grace_seconds=5)
    if stubborn:
        names_and_pids = ", ".join(f"{known.name} (pid {known.pid})" for known in stubborn)
        raise Unavailable(f"These processes of an earlier cluster cannot be ended: {names_and_pids}.")
    postgres.discard(postgres.home_for(folder))
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock(name: str) -> Iterator[None]:
    """One `up` at a time per name; a second one waits and then finds the cluster running."""
    path = state_root() / f"{name}.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(path.parent, "the state of clusters", error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def add_part(state: ClusterState, name: str, bin_dir: Path | None, progress: Progress) -> ClusterState:
    """Run one more part (toxiproxy, kwok) in the cluster, built first when it is nowhere yet. Its port is in the state
    that is returned. Raises Unavailable and BadInput."""
    program = build.provide([part(name)], bin_dir, progress)[name]
    ask(state.folder, {"do": "add", "part": name, "program": str(program)})
    return read(state.name)


def restart_part(state: ClusterState, name: str) -> None:
    """Stop and start one part, on the same ports. Raises Unavailable."""
    ask(state.folder, {"do": "restart", "part": name})


def set_images(state: ClusterState, tables: Sequence[Path]) -> None:
    """Make these image tables the cluster's; pods created from now on use them. Raises BadInput when one is broken."""
    write_table(state.folder, tables)


def reload_prometheus(state: ClusterState, rules: Mapping[str, str], scrapes: Sequence[Mapping[str, Any]] = ()) -> None:
    """Replace all rule files (name -> YAML) and further scrape configurations, and have Prometheus read them.

    Raises BadInput with Prometheus' own words when it refuses them; it then keeps the ones before.
    """
    home = state.rules_folder.parent
    wanted = {home / "rules" / f"{name}.yaml": text for name, text in rules.items()}
    if scrapes:
        wanted[home / "scrape" / "more.yaml"] = json.dumps({"scrape_configs": list(scrapes)})
    before = {file: file.read_text() for part in ("rules", "scrape") for file in (home / part).glob("*.yaml")}
    _replace(before, wanted)
    answer = httpx.post(f"{state.prometheus_url}/-/reload", timeout=30, trust_env=False)
    if answer.is_error:
        _replace(wanted, before)
        httpx.post(f"{state.prometheus_url}/-/reload", timeout=30, trust_env=False)
        reason = tail(state.part("prometheus").log, 3)
        raise BadInput(f"Prometheus refused the rules: {answer.text.strip()}\n{reason}")


def _replace(before: Mapping[Path, str], after: Mapping[Path, str]) -> None:
    for file in before.keys() - after.keys():
        file.unlink(missing_ok=True)
    for file, text in after.items():
        write_private(file, text)


def reload_alertmanager(state: ClusterState, config: str) -> None:
    """Replace Alertmanager's configuration (YAML). Raises BadInput with its own words when it refuses it."""
    path = state.folder / "alertmanager" / "alertmanager.yml"
    before = path.read_text()
    write_private(path, config)
    answer = httpx.post(f"{state.alertmanager_url}/-/reload", timeout=30, trust_env=False)
    if answer.is_error:
        write_private(path, before)
        raise BadInput(f"Alertmanager refused its configuration: {answer.text.strip()}")
