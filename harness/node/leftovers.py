"""Processes that an agent left behind, and their end.

Each container's main process is recorded with its start time, and carries ``GENERALPROBE_NODE=<root>#<run>`` in its
environment as all its descendants do. So what an agent started is known by pid + start time and by that mark, never by
name, and also a process that left its group or was started in the last instant is found.

This file imports the standard library only: the agent runs it as its warden, a small process that outlives a kill -9 of
the agent just long enough to end its containers.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

MARK = "GENERALPROBE_NODE"
RECORD = "processes.jsonl"


@dataclass(frozen=True)
class ProcessStat:
    """Of /proc/PID/stat; CPU time in clock ticks with that of reaped children, start time in ticks since boot."""

    pid: int
    state: str
    parent: int
    group: int
    cpu_ticks: int
    start_ticks: int


def read_stat(pid: int) -> ProcessStat | None:
    """The stat of a process, or None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command name stands in parentheses and may itself hold spaces and parentheses.
    fields = text[text.rindex(")") + 2 :].split()
    ticks = sum(int(value) for value in fields[11:15])
    return ProcessStat(pid, fields[0], int(fields[1]), int(fields[2]), ticks, int(fields[19]))


def all_stats() -> list[ProcessStat]:
    """The stat of every process of the machine."""
    found = (read_stat(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [stat for stat in found if stat is not None]


def mark_of(root: Path, run: str) -> str:
    """The value of the mark for a root and a run of the agent."""
    return f"{root.resolve()}#{run}"


def record(root: Path, run: str, pid: int, start_ticks: int, container: str) -> None:
    """Append one started process; a single write, so a crash leaves whole lines."""
    line = json.dumps({"run": run, "pid": pid, "start": start_ticks, "container": container}) + "\n"
    descriptor = os.open(root / RECORD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def find_leftovers(root: Path, run: str | None = None) -> list[ProcessStat]:
    """Living processes that an agent with this root started; of one run of it only when ``run`` is given."""
    recorded: set[tuple[int, int]] = set()
    with contextlib.suppress(OSError):
        for line in (root / RECORD).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                if run is None or entry["run"] == run:
                    recorded.add((int(entry["pid"]), int(entry["start"])))
    alive = [stat for stat in all_stats() if stat.state not in "ZX" and stat.pid != os.getpid()]
    groups = {stat.pid for stat in alive if (stat.pid, stat.start_ticks) in recorded}
    mark = f"{MARK}={mark_of(root, run or '')}".encode()
    return [stat for stat in alive if stat.group in groups or stat.pid in groups or _carries(stat.pid, mark, run)]


def _carries(pid: int, mark: bytes, run: str | None) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(entry == mark or (run is None and entry.startswith(mark)) for entry in environment)


def end_leftovers(root: Path, run: str | None = None, patience: float = 5.0) -> int:
    """Kill what an agent with this root left running, and wait until it is gone; returns how many processes were killed.

    To be called when no agent runs on that root: a living agent would see its containers die.
    """
    killed: set[tuple[int, int]] = set()
    deadline = time.monotonic() + patience
    while leftovers := find_leftovers(root, run):
        for stat in leftovers:
            again = read_stat(stat.pid)
            if again is not None and again.start_ticks == stat.start_ticks:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(stat.pid, signal.SIGKILL)
                    killed.add((stat.pid, stat.start_ticks))
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return len(killed)


def watch(root: Path, run: str) -> int:
    """The warden: wait until the agent at the other end of stdin is gone, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    return end_leftovers(root, run)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), sys.argv[2])
