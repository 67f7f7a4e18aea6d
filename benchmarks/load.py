"""How many arrivals per second one core starts on time, beside plain Locust in its closed model, in one run.

    python -m benchmarks.load [--bin DIR] [--seconds 6] [--quick] > load.json

The server (Caddy from --bin, the cache of parts or PATH, else a small asyncio server) has the last core for itself; the
generator, its recorder included, has the first one. A rate counts as reached when the median of the per-second p99 of
the lag is below 5 ms and every arrival was started. `noise_p99_ms` is what the machine itself does to a process that
only sleeps: where it is above 5 ms something else runs, and only a generator with real-time priority can be on time.
Both run with the same priority: real-time where that is allowed (the load's worker asks for it by itself, plain Locust
is started with it), else the usual one. `stall` shows what each model makes of a server that stalls 1 s in every 5.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.plan.model import Phase
from harness.record.reader import RecordReader
from harness.record.rows import Arrivals, Meta, Note, Requests
from harness.record.views import merged
from harness.record.writer import RecordWriter
from harness.stack import finding, parts, toolchain
from tests.plans import a_plan, a_target

ROOT = Path(__file__).parents[1]
ON_TIME_US = 5_000
WARM_UP = 2
START_UPS = 3

BEHAVIOUR = """
from locust import FastHttpUser, task


class Bench:
    def __init__(self, profile, territory, stream):
        pass

    def learn(self, client):
        pass

    def read(self, client):
        return client.get("/", name="/")


class Closed(FastHttpUser):
    @task
    def read(self):
        self.client.get("/", name="/")
"""

PROFILE = """
season: bench
peak: 2
behaviour: {file: behaviour.py, class: Bench}
workload: bench
territories:
  DE: {rate_per_second: 1, cities: [München]}
operations:
  read: {component: queries, weight: 1, timeout: 10s}
assortment: [X]
"""

CLOSED = """
import os, runpy, sys

try:
    os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
except (AttributeError, OSError):
    pass
sys.argv[0] = "locust"
runpy.run_module("locust", run_name="__main__")
"""

SERVER = """
import asyncio, sys, time

stall_every, stall_for = float(sys.argv[2]), float(sys.argv[3])
begun = time.monotonic()
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nX-Pod: bench\\r\\nX-Warm: true\\r\\n\\r\\nok"


class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        rest = stall_for - (time.monotonic() - begun) % stall_every if stall_every else 0
        if rest > 0:
            asyncio.get_running_loop().call_later(rest, self.transport.write, ANSWER)
        else:
            self.transport.write(ANSWER)


async def main():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


asyncio.run(main())
"""


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, help="folder with caddy; without it, the cache of parts, then PATH")
    parser.add_argument("--seconds", type=int, default=6, help="measured seconds per rate (default 6)")
    parser.add_argument("--quick", action="store_true", help="only a few rates, to see that it works")
    options = parser.parse_args()
    found = finding.find(parts.part("caddy"), options.bin, toolchain.candidates())
    caddy = str(found) if found else None
    cores = sorted(os.sched_getaffinity(0))
    noise = machine_noise(cores[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "behaviour.py").write_text(BEHAVIOUR)
        (folder / "profile.yaml").write_text(PROFILE)
        (folder / "server.py").write_text(SERVER)
        (folder / "closed.py").write_text(CLOSED)
        with server(folder, caddy, cores[-1]) as url:
            closed = [closed_model(folder, url, cores[0], users=10, seconds=options.seconds)]
            ladder = [500, 1000] if options.quick else [500, 1000, 1500, 2000, 2500, 3000, 3500, 4000]
            steps = list(climb(folder, url, cores[0], ladder, options.seconds))
            # Before and after: what lies between the two is what the machine does of itself.
            closed.append(closed_model(folder, url, cores[0], users=10, seconds=options.seconds))
        with server(folder, None, cores[-1], stall=(5.0, 1.0)) as url:
            stall_closed = closed_model(folder, url, cores[0], users=1, seconds=10)
            stall_open = open_model(folder, url, cores[0], rate=100, seconds=10)
    closed_rates = [one["requests_per_second"] for one in closed]
    best = max((step["rate"] for step in steps if step["on_time"]), default=0)
    result = {
        "machine": {"cpu": cpu_model(), "cores": len(cores), "python": platform.python_version()},
        "server": "caddy" if caddy else "asyncio",
        "noise_p99_ms": {"before": noise, "after": machine_noise(cores[0])},
        "open": {"arrivals_per_second_per_core": best, "steps": steps},
        "closed": closed,
        "ratio_open_to_closed": round(best / statistics.median(closed_rates), 3),
        "stall": {"open": stall_open, "closed": stall_closed},
        "about": "One core for the generator with its recorder, another for the server; open and closed model in one run, "
        "with the same priority. A closed model has no arrivals of its own: it sends as fast as answers come back.",
        "table": table(best, steps, closed, stall_open, stall_closed),
    }
    print(json.dumps(result, indent=2))


def table(
    best: int, steps: list[dict[str, Any]], closed: list[dict[str, Any]], stall_open: Any, stall_closed: Any
) -> list[dict[str, Any]]:
    """The lines of docs/performance.md."""
    rates = [one["requests_per_second"] for one in closed]
    middle = statistics.median(rates)
    lags = [f"{step['rate']}/s {step['lag_p99_ms']['median']} ms{'' if step['on_time'] else ' (missed)'}" for step in steps]
    priority = ", ".join(sorted({step["priority"] for step in steps if step["rate"] <= best} or {"usual"}))
    return [
        {
            "figure": f"arrivals per second and core, lag p99 < 5 ms, open model ({priority} priority)",
            "target": "highest rate tried that is on time",
            "measured": f"{best}/s",
            "spread": "; ".join(lags),
            "met": best > 0,
        },
        {
            "figure": f"requests per second and core, plain Locust FastHttpUser, 10 users ({closed[0]['priority']})",
            "measured": f"{middle:.0f}/s",
            "spread": f"{min(rates):.0f} to {max(rates):.0f}/s",
        },
        {
            "figure": "open to closed",
            "measured": f"{best / middle:.2f}",
            "spread": f"{best / max(rates):.2f} to {best / min(rates):.2f}",
        },
        *(
            {
                "figure": f"server stalls 1 s in every 5: p99 that the {name} model sees",
                "measured": f"{seen['latency_ms']['p99']:.0f} ms",
                "spread": f"p95 {seen['latency_ms']['p95']:.0f} ms",
            }
            for name, seen in (("open", stall_open), ("closed", stall_closed))
        ),
    ]


def climb(folder: Path, url: str, core: int, ladder: list[int], seconds: int) -> Iterator[dict[str, Any]]:
    """Measure one rate after another until two in a row were not reached."""
    missed = 0
    for rate in ladder:
        step = open_model(folder, url, core, rate, seconds)
        missed = 0 if step["on_time"] else missed + 1
        yield step
        if missed == 2:
            return


def open_model(folder: Path, url: str, core: int, rate: int, seconds: int) -> dict[str, Any]:
    """`python -m harness.load` at a steady rate; again with more time where it was not ready at the plan's beginning."""
    start_up = start_up_time(core)
    for _ in range(START_UPS):
        step = open_step(folder, url, core, rate, seconds, start_up)
        if step["first_second"] == 0:
            break
        start_up *= 2
    return {**step, "in_time": step["first_second"] == 0}


def open_step(folder: Path, url: str, core: int, rate: int, seconds: int, start_up: float) -> dict[str, Any]:
    """One load at a steady rate, its plan beginning `start_up` seconds from now."""
    run = Path(tempfile.mkdtemp(dir=folder))
    length = seconds + WARM_UP
    t0 = float(math.ceil(time.time() + start_up))
    plan = a_plan(
        season="bench",
        profile=str(folder / "profile.yaml"),
        phases=[Phase(name="steady", start=0, end=length, rates={"DE": (rate, rate)})],
        moments={"start": 0, "end": length},
    )
    with RecordWriter(run) as record:
        record.add_all([Meta("plan", plan.model_dump(mode="json", by_alias=True)), Meta("t0", {"at": t0})])
    a_target(services={"bench": url}).write(folder / "target.json")
    command = [sys.executable, "-m", "harness.load", str(run), "--target", str(folder / "target.json")]
    pinned(command, core, start_up + length + 30)
    with RecordReader(run) as found:
        seen = list(found.rows(Arrivals, "second >= ?", (int(t0) + WARM_UP,)))
        ((first,),) = found.select("SELECT min(second) FROM arrivals WHERE started > 0")
        latency = merged(found.rows(Requests, "second >= ?", (int(t0) + WARM_UP,)))
        (cpu,) = found.select("SELECT avg(value) FROM samples WHERE name = 'load_cpu_share' AND at > ?", (t0 + WARM_UP,))
        usual = not real_time_allowed() or any("too busy" in note.text for note in found.rows(Note))
    lags = [row.lag_p99_us for row in seen]
    started, not_started = sum(row.started for row in seen), sum(row.not_started for row in seen)
    return {
        "rate": rate,
        "first_second": int(first - t0) if first is not None else None,
        "started_per_second": round(started / seconds, 1),
        "not_started": not_started,
        "lag_p99_ms": {"median": round(statistics.median(lags) / 1000, 2), "worst_second": round(max(lags) / 1000, 2)},
        "latency_ms": {f"p{p}": round(latency.get_value_at_percentile(p) / 1000, 2) for p in (50, 95, 99)},
        "worker_cpu_share": round(cpu[0] or 0.0, 2),
        "priority": "usual" if usual else "real-time",
        "on_time": not_started == 0 and statistics.median(lags) < ON_TIME_US,
    }


def closed_model(folder: Path, url: str, core: int, users: int, seconds: int) -> dict[str, Any]:
    """Plain Locust: users that send again when they have their answer."""
    command = [
        sys.executable,
        str(folder / "closed.py"),
        "-f",
        str(folder / "behaviour.py"),
        "--headless",
        "--json",
        "--host",
        url,
    ]
    command += ["-u", str(users), "-r", str(users), "-t", f"{seconds + WARM_UP}s", "--reset-stats"]
    (entry,) = json.loads(pinned(command, core, seconds + 60))
    times = sorted((float(ms), count) for ms, count in entry["response_times"].items())
    return {
        "users": users,
        "priority": "real-time" if real_time_allowed() else "usual",
        "requests_per_second": round(entry["num_requests"] / (entry["last_request_timestamp"] - entry["start_time"]), 1),
        "failures": entry["num_failures"],
        "latency_ms": {f"p{p}": at_percentile(times, p) for p in (50, 95, 99)},
    }


def start_up_time(core: int) -> float:
    """Seconds until a load that is started now is ready, on this machine as busy as it is now, with a margin."""
    begun = time.monotonic()
    pinned([sys.executable, "-c", "import harness.load.worker"], core, 120)
    return 3 * (time.monotonic() - begun) + 2


def real_time_allowed() -> bool:
    """Whether a process of this user may ask for real-time priority."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except (AttributeError, OSError):
        return False
    return True


def machine_noise(core: int) -> float:
    """How late a process that only sleeps wakes up on that core, p99 in milliseconds: what no generator can do better."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    late, at = [], time.perf_counter()
    for _ in range(1500):
        at += 0.002
        time.sleep(max(0.0, at - time.perf_counter()))
        late.append(time.perf_counter() - at)
    os.sched_setaffinity(0, allowed)
    return round(sorted(late)[int(0.99 * len(late))] * 1000, 2)


def at_percentile(times: list[tuple[float, int]], percent: int) -> float:
    """Nearest rank over (milliseconds, count) in order."""
    left = percent / 100 * sum(count for _, count in times)
    for milliseconds, count in times:
        left -= count
        if left <= 0:
            return milliseconds
    return times[-1][0]


def pinned(command: list[str], core: int, timeout: float) -> str:
    """Run a program on one core and give what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["taskset", "-c", str(core), *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} ended with exit code {done.returncode}:\n{done.stderr}")
    return done.stdout


@contextmanager
def server(folder: Path, caddy: str | None, core: int, stall: tuple[float, float] = (0.0, 0.0)) -> Iterator[str]:
    """A server on a free port of the loopback, pinned to `core`; with `stall` always the asyncio one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(folder / "server.py"), str(port), *(str(number) for number in stall)]
    if caddy is not None:
        command = [caddy, "respond", "--listen", f"127.0.0.1:{port}", "--header", "X-Pod: bench", "--body", "ok"]
    process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Until something accepts connections there, at most 10 s."""
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"The server did not open port {port} within 10 s.")


def cpu_model() -> str:
    """The processor's name, as Linux has it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
