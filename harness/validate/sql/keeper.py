"""The process that keeps the throw-away PostgreSQL: it ends the server and removes its folder when we are gone.

`python -m harness.validate.sql.keeper` writes one line of JSON, {"host", "password", "user"} or {"error"}, and then waits
for the end of its standard input, which comes also when whoever started it is killed. A keeper that is killed itself takes
the server with it; the folder it leaves is removed by the next one.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import RehearseError, Unavailable
from harness.stack import postgres, process

_PREFIX = "generalprobe-validate-"
_LOCK = "keeper.lock"
_START_SECONDS = 30.0
_YOUNG_SECONDS = 60.0
_FILE_BYTES = 256 << 20
_MEMORY_BYTES = 2 << 30
_SETTINGS = {
    # A socket in a folder that only the server's user can enter, and no network at all.
    "listen_addresses": "",
    "max_connections": "12",
    "superuser_reserved_connections": "3",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "temp_file_limit": "256MB",
    "max_worker_processes": "1",
    "max_parallel_workers": "0",
    "shared_buffers": "16MB",
    "log_min_messages": "fatal",
    "jit": "off",
}


def main() -> None:
    """Start, tell, wait, end."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    base = Path("/var/tmp") if os.geteuid() == 0 else Path(tempfile.gettempdir())  # noqa: S108 - names are mkdtemp's
    _sweep(base)
    try:
        with _folder(base) as folder, _server(folder) as told:
            _tell(told)
            while os.read(0, 4096):
                pass
    except (RehearseError, OSError, subprocess.SubprocessError) as error:
        _tell({"error": str(error)})


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _tell(what: dict[str, str]) -> None:
    with suppress(OSError):
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()


@contextmanager
def _folder(base: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    lock = (folder / _LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.chmod(0o711)
        yield folder
    finally:
        postgres.discard(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


@contextmanager
def _server(folder: Path) -> Iterator[dict[str, str]]:
    program, data, secrets = postgres.prepare(folder / "pg", 5432)
    with (data / "pg_hba.conf").open("a") as hba:
        hba.write("local all all scram-sha-256\n")
    for kind, limit in (
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    settings = {**_SETTINGS, "unix_socket_directories": str(data)}
    args = [
        str(program),
        "-D",
        str(data),
        *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
    ]
    with (folder / "log").open("wb") as log:
        child = process.spawn(
            args, log.fileno(), {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}, data, postgres.user_to_drop_to()
        )
    try:
        _await(child, data, folder / "log")
        user, password = secrets.postgres_admin_dsn.removeprefix("postgresql://").split("@")[0].split(":")
        yield {"host": str(data), "user": user, "password": password}
    finally:
        # Immediate: nothing in it is worth a checkpoint. Its children end with it.
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGQUIT)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait(5)


def _await(child: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not postgres.is_ready(data):
        if child.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it did not become ready"]
            raise Unavailable(f"PostgreSQL did not start: {last[0]}")
        # Whoever asked for it may be gone by now.
        if select.select([0], [], [], 0.02)[0] and not os.read(0, 1):
            raise SystemExit(0)


def _sweep(base: Path) -> None:
    """Remove what a killed keeper left: folders of ours whose lock nobody holds."""
    for folder in base.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            state = folder.lstat()
            if state.st_uid != os.geteuid() or folder.is_symlink() or time.time() - state.st_mtime < _YOUNG_SECONDS:
                continue
            with (folder / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                postgres.discard(folder / "pg")
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
