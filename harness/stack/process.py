"""Processes that cannot outlive us: started to die with their parent, known by pid and start time, never by name."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class ProcessRecord(BaseModel):
    """A process, told apart from a later one that got the same pid by when it started (clock ticks since boot)."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    start: int


def die_with_parent(death_signal: signal.Signals, parent: int) -> Callable[[], None]:
    """What a child runs between fork and exec, after it dropped its user (setuid clears the wish again).

    The kernel sends `death_signal` when the *thread* that forked ends: fork from the main thread only.
    """

    def wish() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return wish


def spawn(
    args: Sequence[str],
    log: IO[bytes] | int,
    environ: Mapping[str, str],
    folder: Path,
    user: tuple[int, int] | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own that ends when we end. `user` is (uid, gid) to drop to."""
    uid, gid = user or (None, None)
    return subprocess.Popen(
        list(args),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=dict(environ),
        process_group=0,
        preexec_fn=die_with_parent(death_signal, os.getpid()),  # noqa: PLW1509 - from the main thread
        pass_fds=tuple(pass_fds),
        user=uid,
        group=gid,
        extra_groups=[] if user else None,
    )


def record(name: str, pid: int) -> ProcessRecord:
    """What to remember of a running process. Raises ProcessLookupError when it is gone."""
    start = start_time(pid)
    if start is None:
        raise ProcessLookupError(pid)
    return ProcessRecord(name=name, pid=pid, start=start)


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None when it is gone or only a zombie."""
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return None
    return int(fields[19])


def is_alive(known: ProcessRecord) -> bool:
    """Whether exactly this process, not a later one of the same pid, still runs."""
    return start_time(known.pid) == known.start


def uptime_seconds(known: ProcessRecord) -> float:
    """How long the process has run, in seconds."""
    booted = float(Path("/proc/uptime").read_text().split()[0])
    return max(0.0, booted - known.start / os.sysconf("SC_CLK_TCK"))


def rss_bytes(pid: int) -> int:
    """Resident memory of one process, in bytes; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def family(pid: int) -> list[int]:
    """The process and all its descendants, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, rest = [], [pid]
    while rest:
        current = rest.pop(0)
        found.append(current)
        rest.extend(children.get(current, []))
    return found


def send(known: ProcessRecord, number: signal.Signals) -> None:
    """Signal the whole group of a recorded process, but only if it is still that process and leads its group."""
    if not is_alive(known):
        return
    with suppress(ProcessLookupError, PermissionError):
        if os.getpgid(known.pid) == known.pid:
            os.killpg(known.pid, number)
        else:
            os.kill(known.pid, number)


def end(records: Sequence[ProcessRecord], grace_seconds: float) -> list[ProcessRecord]:
    """SIGTERM all, wait up to the grace for them, SIGKILL the rest. Returns those that even that did not end."""
    for number, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 5.0)):
        for known in records:
            send(known, number)
        _wait_gone(records, seconds)
    return [known for known in records if is_alive(known)]


def _wait_gone(records: Sequence[ProcessRecord], seconds: float) -> None:
    """Wait on pidfds, so that an end is noticed at once."""
    deadline = time.monotonic() + seconds
    for known in records:
        try:
            descriptor = os.pidfd_open(known.pid)
        except OSError:
            continue
        try:
            if is_alive(known):
                _poll(descriptor, deadline - time.monotonic())
        finally:
            os.close(descriptor)
        with suppress(ChildProcessError):
            os.waitpid(known.pid, os.WNOHANG)


def _poll(descriptor: int, seconds: float) -> None:
    watch = select.poll()
    watch.register(descriptor, select.POLLIN)
    watch.poll(max(0.0, seconds) * 1000)
