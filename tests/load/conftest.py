"""Real parts for the load: a server process, a run's folder with a plan, and the load as the runner starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.plan.model import Phase, Plan
from harness.record.reader import RecordReader
from harness.record.rows import Arrivals, Meta, Requests
from harness.record.writer import RecordWriter
from tests.plans import a_plan, a_target

ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("crm_server.py")
PROFILE = ROOT / "profiles" / "oktoberfest.yaml"


@dataclass(frozen=True)
class Crm:
    """A running server."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set(self, **settings: object) -> dict[str, int]:
        """Change its settings; gives the requests by method so far."""
        query = "&".join(f"{name}={value}" for name, value in settings.items())
        with urllib.request.urlopen(f"{self.url}/control?{query}") as answer:
            return json.loads(answer.read())


@pytest.fixture
def crm() -> Iterator[Callable[..., Crm]]:
    """Start servers with settings, e.g. crm(delay=0.1)."""
    started: list[subprocess.Popen[str]] = []

    def start(**settings: object) -> Crm:
        command = [sys.executable, str(SERVER), *(f"{name}={value}" for name, value in settings.items())]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return Crm(process, int(process.stdout.readline()))

    yield start
    for process in started:
        process.kill()
        process.wait()


@dataclass
class Load:
    """The load process of one run, started as the runner starts it."""

    run: Path
    process: subprocess.Popen[str]
    t0: float
    plan: Plan
    said: str = ""

    def wait(self, seconds: float = 120) -> int:
        """Its exit code; what it said on stderr is shown where a test fails."""
        _, self.said = self.process.communicate(timeout=seconds)
        sys.stdout.write(self.said)
        return self.process.returncode

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def record(self) -> RecordReader:
        return RecordReader(self.run)

    def eventually(self, look: Callable[[RecordReader], Any], seconds: float = 120) -> None:
        """Until `look` finds in the record what has to come: however busy the machine is, it comes at some time."""
        deadline = time.monotonic() + seconds
        while True:
            with self.record() as record:
                if look(record):
                    return
            assert time.monotonic() < deadline, f"not in the record within {seconds:g} s"
            assert self.process.poll() is None, self.process.communicate()[1]
            time.sleep(0.1)

    def workers(self) -> list[int]:
        """Pids of the workers, from /proc."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


@pytest.fixture(scope="module")
def ready_in() -> float:
    """Seconds until a load that is started now is ready, on this machine as busy as it is now, with a margin."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "import harness.load.worker"], cwd=ROOT, check=True)
    return 2.5 * (time.monotonic() - begun) + 1.0


@pytest.fixture
def load(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Load]]:
    """Start the load against an address: load(url, rates={"DE": (20, 20)}, seconds=3).

    Without `t0_in` the first arrival comes when the load is ready for it.
    """
    started: list[Load] = []

    def start(
        url: str,
        *,
        rates: dict[str, tuple[float, float]] | None = None,
        seconds: float = 3,
        options: tuple[str, ...] = (),
        profile: Path = PROFILE,
        t0_in: float | None = None,
        services: dict[str, str] | None = None,
    ) -> Load:
        run = tmp_path / f"run-{len(started)}"
        rates = rates or {"DE": (40.0, 40.0)}
        if t0_in is None:
            t0_in = request.getfixturevalue("ready_in") * (2 if "--workers" in options else 1)
        t0 = time.time() + t0_in
        wanted = plan(rates, seconds, profile)
        with RecordWriter(run) as record:
            record.add(Meta("plan", wanted.model_dump(mode="json", by_alias=True)))
            record.add(Meta("t0", {"at": t0}))
        target = tmp_path / "target.json"
        names = [f"crm-{component}-{code.lower()}" for component in ("queries", "commands") for code in rates]
        a_target(services=dict.fromkeys(names, url) if services is None else services).write(target)
        command = [sys.executable, "-m", "harness.load", str(run), "--target", str(target), *options]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        started.append(Load(run, process, t0, wanted))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def profile_with(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a profile and its behaviour: another timeout, or another body for one method."""

    def copy(timeout: str = "5s", method: tuple[str, str] | None = None) -> Path:
        profile = tmp_path / PROFILE.name
        profile.write_text(PROFILE.read_text().replace("timeout: 5s", f"timeout: {timeout}"))
        behaviour = PROFILE.with_name("crm.py").read_text()
        if method is not None:
            name, code = method
            behaviour = behaviour.replace(f"    def {name}(", f"    def {name}_before(")
            behaviour = behaviour.replace("    def place_order(", f"    {code}\n\n    def place_order(")
        (tmp_path / "crm.py").write_text(behaviour)
        return profile

    return copy


def totals(record: RecordReader) -> tuple[int, int, int]:
    """Arrivals that were intended, started and not started."""
    rows = list(record.rows(Arrivals))
    return sum(r.intended for r in rows), sum(r.started for r in rows), sum(r.not_started for r in rows)


def outcomes(record: RecordReader) -> dict[str, int]:
    """Requests by outcome."""
    counts: dict[str, int] = {}
    for row in record.rows(Requests):
        counts[row.outcome] = counts.get(row.outcome, 0) + row.count
    return counts


def wait_until(moment: float) -> None:
    """Sleep until then, in seconds since the epoch."""
    time.sleep(max(0.0, moment - time.time()))


def plan(rates: dict[str, tuple[float, float]], seconds: float, profile: Path = PROFILE) -> Plan:
    """A plan of one phase."""
    phase = Phase(name="steady", start=0, end=seconds, rates=rates)
    return a_plan(profile=str(profile), seed=7, phases=[phase], moments={"start": 0, "end": seconds})
