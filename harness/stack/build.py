"""Builds parts once, from their pinned modules, into a cache keyed by everything that decides the result."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import Unavailable
from harness.stack import toolchain
from harness.stack.finding import cached, find
from harness.stack.location import cache_root, make_folder, unusable
from harness.stack.parts import MODULES, Part
from harness.stack.process import die_with_parent
from harness.stack.progress import Progress
from harness.stack.runner import tail
from harness.stack.toolchain import Toolchain

_SCRATCH_BYTES = 3 * 1024**3
"""What a build needs at most beside its result: Go's own cache of compiled packages grows by about this much, cold."""


def provide(parts: Sequence[Part], bin_dir: Path | None, progress: Progress) -> dict[str, Path]:
    """The program of every part, building what is nowhere yet. Call from the main thread: a build dies with it.

    Raises Unavailable (no Go, no space, a build that failed) and BadInput (`bin_dir`).
    """
    toolchains = toolchain.candidates()
    found = {part.name: find(part, bin_dir, toolchains) for part in parts}
    missing = [part for part in parts if found[part.name] is None]
    if missing:
        chosen = toolchain.choose(missing, toolchains)
        # One after the other: each build keeps all cores busy, and the next finds what the last one compiled.
        for part in missing:
            found[part.name] = build(part, chosen, progress)
    return {name: program for name, program in found.items() if program is not None}


def build(part: Part, go: Toolchain, progress: Progress) -> Path:
    """Build one part into the cache, or wait for another process that is building it. Raises Unavailable."""
    target = cached(part, go.name)
    make_folder(target.parent.parent, "built parts")
    with _lock(target.parent.with_suffix(".lock"), part, progress):
        if target.is_file():
            return target
        free = shutil.disk_usage(target.parent.parent).free
        if free < _SCRATCH_BYTES:
            raise Unavailable(
                f"{free / 1024**3:.1f} GB are free in {target.parent.parent}, but building {part.name} takes up to "
                f"{_SCRATCH_BYTES // 1024**3} GB; free some, or set XDG_CACHE_HOME to a disk that has it."
            )
        began = time.monotonic()
        progress.began("build", part.name)
        scratch = target.parent.with_suffix(".partial")
        try:
            shutil.rmtree(scratch, ignore_errors=True)
            make_folder(scratch, "built parts")
            _compile(part, go, scratch, progress)
            (scratch / "tmp").rmdir()
            scratch.rename(target.parent)
        except OSError as error:
            raise unusable(target.parent.parent, "built parts", error) from None
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        progress.done("build", part.name, time.monotonic() - began)
    return target


@contextmanager
def _lock(path: Path, part: Part, progress: Progress) -> Iterator[None]:
    """Only one process builds a part; the kernel frees the lock of one that died."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise unusable(path.parent, "built parts", error) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            progress.moved("build", part.name, "another process is building it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _compile(part: Part, go: Toolchain, scratch: Path, progress: Progress) -> None:
    temporary = scratch / "tmp"
    temporary.mkdir()
    logs = make_folder(cache_root() / "logs", "build logs in the cache")
    log = logs / f"build-{part.name}.log"
    args = [str(go.program), "build", "-trimpath", "-v", "-tags", part.tags, "-ldflags", part.ldflags]
    child = subprocess.Popen(
        [*args, "-o", str(scratch / part.name), part.package],
        cwd=MODULES / part.folder,
        env=go.environ(os.environ, temporary),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
        # Go ends its compilers and removes its files on SIGINT, also when we are killed.
        preexec_fn=die_with_parent(signal.SIGINT, os.getpid()),  # noqa: PLW1509 - from the main thread
    )
    packages, downloads = 0, 0
    try:
        assert child.stdout is not None
        with child.stdout as output, log.open("wb") as file:
            for line in output:
                file.write(line)
                text = line.decode(errors="replace").strip()
                if text.startswith("go: downloading"):
                    downloads += 1
                    progress.moved("build", part.name, f"{downloads} modules downloaded")
                elif text and " " not in text:
                    packages += 1
                    progress.moved("build", part.name, f"{packages} packages compiled")
        code = child.wait()
    except BaseException:
        _end(child)
        raise
    if code:
        _explain(part, code, log)


def _end(child: subprocess.Popen[bytes]) -> None:
    for number, seconds in ((signal.SIGINT, 10), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
            return


def _explain(part: Part, code: int, log: Path) -> None:
    last = tail(log, 15)
    if os.strerror(errno.ENOSPC).lower() in last.lower():
        raise Unavailable(f"There was no space left while {part.name} was built; free some and start again, it resumes.")
    if "go.mod" in last and "updates to go.mod needed" in last:
        raise Unavailable(f"The pins in harness/stack/{part.folder} are not complete; run `go mod tidy` there.")
    raise Unavailable(f"{part.name} could not be built (exit code {code}); all of it is in {log}, which ends with:\n{last}")


def inherit_environ() -> dict[str, str]:
    """Our own environment with this package importable, for programs of ours that we start."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
