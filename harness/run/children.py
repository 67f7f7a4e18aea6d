"""The processes of a run: load, observers, faults. None outlives the runner, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import Inconclusive
from harness.stack.process import spawn
from harness.target.base import Target

STOP_SECONDS = 20.0
_TAIL_BYTES = 2000


@dataclass(slots=True)
class Child:
    """A running process of this run and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> int | None:
        """The exit code, or None while it runs."""
        return self.process.poll()

    def tail(self) -> str:
        """The end of its log."""
        text = self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
        return "\n".join(text.strip().splitlines()[-8:])


class Children:
    """Starts and stops the processes of one run."""

    def __init__(self, run: Path, target: Target) -> None:
        self._run = run
        # The target holds credentials: children read it from this process' memory, so that no crash leaves it on a disk.
        self._target = os.memfd_create("generalprobe-target")
        os.write(self._target, target.model_dump_json().encode())
        self.all: dict[str, Child] = {}

    def close(self) -> None:
        """Forget the target. No child can be started any more."""
        os.close(self._target)

    def start(self, name: str, module: str, *arguments: str) -> Child:
        """`python -m MODULE RUN ARGUMENTS --target FILE`, ended by the kernel when the runner dies."""
        log = self._run / "logs" / f"{name.replace(':', '-')}.log"
        environ = dict(os.environ, PYTHONUNBUFFERED="1")
        with log.open("ab") as file:
            command = [
                sys.executable,
                "-m",
                module,
                str(self._run),
                *arguments,
                "--target",
                f"/proc/{os.getpid()}/fd/{self._target}",
            ]
            process = spawn(command, file.fileno(), environ, Path.cwd(), death_signal=signal.SIGTERM)
        self.all[name] = Child(name, process, log)
        return self.all[name]

    def wait_for_line(self, child: Child, line: str, timeout_seconds: float) -> None:
        """Until the child's log holds `line`. Raises Inconclusive with its tail where it does not come."""
        deadline = time.monotonic() + timeout_seconds
        while not any(said.split(" ")[0] == line for said in child.log.read_text(errors="replace").splitlines()):
            if child.ended is not None:
                raise Inconclusive(f"The {child.name} process ended with {child.ended} before it began:\n{child.tail()}")
            if time.monotonic() > deadline:
                raise Inconclusive(f"The {child.name} process was not ready after {timeout_seconds:.0f} s:\n{child.tail()}")
            time.sleep(0.05)

    def stop(self, names: Sequence[str], timeout_seconds: float = STOP_SECONDS) -> list[str]:
        """SIGTERM, wait, SIGKILL. Returns the names of those that had to be killed."""
        children = [self.all[name] for name in names if name in self.all]
        for child in children:
            if child.ended is None:
                child.process.terminate()
        deadline = time.monotonic() + timeout_seconds
        killed = []
        for child in children:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
                killed.append(child.name)
        return killed
