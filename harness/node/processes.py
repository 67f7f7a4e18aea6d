"""Processes of containers: each leads a session of its own and is watched through a pidfd (no thread, no handler)."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.node.errors import StartError
from harness.node.leftovers import read_stat
from harness.node.probes import ProbeResult

PR_SET_PDEATHSIG = 1
OUTPUT_LIMIT = 1024
AUTOGROUP_RETRY_SECONDS = 0.15


def _load_prctl() -> Callable[[int, int], int]:
    # Loaded before any fork: between fork and exec only what needs no import and no lock is safe.
    function = ctypes.CDLL(None, use_errno=True).prctl
    function.argtypes = [ctypes.c_int, ctypes.c_ulong]
    function.restype = ctypes.c_int
    return function


_prctl = _load_prctl()


def _die_with(parent: int, niceness: int) -> Callable[[], None]:
    def before_exec() -> None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the agent died before the line above took effect
            os._exit(1)
        if niceness:
            os.nice(niceness)

    return before_exec


class Process:
    """A running main process and its group.

    Attributes:
        exited: a future with the exit code, 128 + signal when a signal ended it. When it is done the group is gone too.
    """

    def __init__(self, popen: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self.pid = popen.pid
        stat = read_stat(popen.pid)
        self.start_ticks = stat.start_ticks if stat else 0
        self.exited: asyncio.Future[int] = loop.create_future()
        self._popen = popen
        self._loop = loop
        self._pidfd = os.pidfd_open(popen.pid)
        loop.add_reader(self._pidfd, self._on_exit)

    def signal(self, number: int) -> None:
        """Send a signal to the main process; nothing happens when it has ended."""
        if not self.exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill_group(self) -> None:
        """SIGKILL to the whole group; nothing happens when the main process has ended."""
        if not self.exited.done():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def yield_to_others(self, niceness: int) -> None:
        """Make the whole session nice, where the kernel schedules sessions against each other (autogroup, sched(7)).

        There the niceness of a process counts within its session only, and each container is a session of its own.
        """
        if self.exited.done():
            return
        try:
            Path(f"/proc/{self.pid}/autogroup").write_text(str(niceness), encoding="ascii")
        except BlockingIOError:  # without privileges the kernel takes ten such changes a second
            self._loop.call_later(AUTOGROUP_RETRY_SECONDS, self.yield_to_others, niceness)
        except OSError:  # a kernel without autogroups: there the niceness of the processes counts
            return

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        # Before it is reaped its pid cannot be given to another, so the group can still be killed by it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        code = self._popen.wait()
        os.close(self._pidfd)
        if not self.exited.done():
            self.exited.set_result(code if code >= 0 else 128 - code)


def start_process(argv: Sequence[str], env: Mapping[str, str], cwd: str, output: int, niceness: int = 0) -> Process:
    """Start a program with stdout and stderr on the descriptor ``output``, ``niceness`` steps nicer than the agent.

    Call it in the thread that runs the event loop: the kernel ends the program when that thread ends.

    Raises:
        StartError: the program or its folder does not exist or may not be run.
    """
    if not argv or not argv[0]:
        raise StartError("no command specified: neither the image table nor the container gives one")
    if not os.path.isdir(cwd):
        raise StartError(f"working folder {cwd} does not exist")
    try:
        popen = subprocess.Popen(
            _found(list(argv), env),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), niceness),  # noqa: PLW1509 - it only calls what is safe between fork and exec
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StartError(f'failed to start container process: exec: "{argv[0]}": {reason}') from error
    process = Process(popen, asyncio.get_running_loop())
    if niceness:
        process.yield_to_others(niceness)
    return process


def _found(argv: list[str], env: Mapping[str, str]) -> list[str]:
    # Popen would search the agent's PATH; a container's program is searched in the container's.
    if "/" in argv[0]:
        return argv
    for folder in env.get("PATH", os.defpath).split(os.pathsep):
        candidate = os.path.join(folder, argv[0])
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return [candidate, *argv[1:]]
    raise StartError(f'failed to start container process: exec: "{argv[0]}": executable file not found in $PATH')


async def run_command(
    argv: Sequence[str], env: Mapping[str, str], cwd: str, timeout: float, niceness: int = 0
) -> ProbeResult:
    """Run a short command to its end (exec probes and hooks); it and its group are killed after ``timeout`` seconds."""
    output = os.memfd_create("exec", os.MFD_CLOEXEC)
    try:
        process = start_process(argv, env, cwd, output, niceness)
        try:
            # Not wait_for: in Python 3.11 it forgets that it was cancelled when the command ends in the same moment.
            async with asyncio.timeout(timeout):
                code = await asyncio.shield(process.exited)
        except TimeoutError:
            return ProbeResult(False, f'command "{" ".join(argv)}" timed out after {timeout:g} s')
        finally:
            process.kill_group()
        said = os.pread(output, OUTPUT_LIMIT, 0).decode("utf-8", "replace").strip()
        return ProbeResult(code == 0, said or f"command exited with {code}")
    except StartError as error:
        return ProbeResult(False, str(error))
    finally:
        os.close(output)


def open_log(path: Path) -> int:
    """A descriptor of a container's log file, made with its folders; output is appended."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
