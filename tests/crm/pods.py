"""What the tests of the CRM hold: a database, a pod, and a way to wait for both."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg

CRM = Path(__file__).parents[2] / "crm"
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(ask: Callable[[], T], what: str, seconds: float = 120) -> T:
    """The first true answer of `ask`; fails, naming what was waited for, when none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


@dataclass
class Database:
    port: int
    name: str = "postgres"

    def connect(self, autocommit: bool = True) -> psycopg.Connection[Any]:
        dsn = f"host=127.0.0.1 port={self.port} user=postgres dbname={self.name}"
        return psycopg.connect(dsn, autocommit=autocommit)

    def value(self, sql: str, *values: object) -> Any:
        with self.connect() as connection:
            row = connection.execute(sql, values).fetchone()
            return row[0] if row else None

    def migrate(self) -> None:
        with self.connect() as connection:
            for file in sorted((CRM / "sql").glob("*.sql")):
                connection.execute(file.read_text())


@dataclass
class Pod:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    http: httpx.Client

    def status(self, path: str) -> int:
        try:
            return self.http.get(path).status_code
        except httpx.TransportError:
            return 0

    def await_ready(self) -> Pod:
        def ready() -> bool:
            assert self.process.poll() is None, f"{self.name} ended: {self.log.read_text()[-2000:]}"
            return self.status("/q/health/ready") == 200

        eventually(ready, f"{self.name} to be ready ({self.log})")
        return self

    def ledger(self, event_id: str) -> list[dict[str, Any]]:
        """The lines of this event in the pod's ledger, oldest first."""
        lines: list[dict[str, Any]] = []
        after = 0
        while page := self.http.get("/ledger", params={"after": after}).json():
            if not page["entries"]:
                break
            lines += page["entries"]
            after = page["next"]
        return [line for line in lines if line["event_id"] == event_id]

    def metric(self, name: str) -> float | None:
        """The sum over the series of that name; None when there is none."""
        lines = self.http.get("/q/metrics").text.splitlines()
        values = [float(line.split()[-1]) for line in lines if line.startswith((name + "{", name + " "))]
        return sum(values) if values else None

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


Launch = Callable[..., Pod]


@dataclass
class Crm:
    queries: Pod
    patient: Pod
    """Queries that poll once an hour: what they get, they get by notification or by catching up."""
    deaf: Pod
    """Queries without the journal as fallback."""
    commands: Pod
    outbox: Pod
    events_after_start: int

    def command(self, path: str, body: dict[str, Any]) -> str:
        """Sends a command and returns its event's id."""
        answer = self.commands.http.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.headers["X-Event-Id"]
