"""A Locust process that starts its share of the arrivals and reports twice a second to the recorder's socket."""

from __future__ import annotations

import locust  # isort: skip  # first: it patches sockets, ssl and threads of this process for gevent

import argparse
import ctypes
import importlib.util
import ipaddress
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent.event import Event
from gevent.resolver.blocking import Resolver as BlockingResolver
from locust.env import Environment

from harness.errors import BadInput, RehearseError
from harness.load.exchange import new_session
from harness.load.generator import Generator, new_clock, new_stream
from harness.load.job import Job, Limits, read_job
from harness.traffic.arrivals import share
from harness.traffic.behaviour import Behaviour

REPORT_EVERY = 0.5
DRAIN_ON_STOP = 2.0
DRAIN_AT_END = 6.0
TOO_BUSY_TO_BE_PREFERRED = 0.8  # share of a core; more would starve the system that is being measured
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str] | None = None) -> int:
    """Run one worker until the plan ends or SIGTERM comes."""
    parser = argparse.ArgumentParser(prog="python -m harness.load.worker")
    parser.add_argument("run", type=Path)
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--index", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--in-flight", type=int, required=True)
    parser.add_argument("--late", type=float, required=True)
    parser.add_argument("--recorder", type=int, required=True, help="pid of the recorder: this process ends with it")
    parser.add_argument("--socket", type=int, required=True, help="file descriptor that reports go to")
    options = parser.parse_args(arguments)
    _end_with(options.recorder)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        job = read_job(options.run, options.target)
        limits = Limits(options.in_flight, options.late)
        _work(job, limits, options.index, options.workers, socket.socket(fileno=options.socket))
    except RehearseError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _work(job: Job, limits: Limits, index: int, workers: int, reports: socket.socket) -> None:
    _allow_open_files(limits.in_flight)
    _resolve_addresses_at_once(job.services.values())
    timeout = max(operation.timeout.total_seconds() for operation in job.profile.operations.values())
    behaviour = load_behaviour(job.behaviour, job.profile.behaviour.class_)
    behaviours: dict[str, Behaviour] = {
        code: behaviour(job.profile, code, new_stream(job, code, index)) for code in job.territories
    }
    environment = Environment(events=locust.events)
    concurrency = limits.in_flight + len(behaviours)
    sessions = {
        name: new_session(url, environment.events.request, concurrency, timeout) for name, url in job.services.items()
    }
    mine = share(job.arrivals(), index, workers)
    generator = Generator(job, mine, limits, sessions, behaviours, new_clock())
    gevent.signal_handler(signal.SIGTERM, generator.stopping.set)
    gevent.signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C reaches the recorder too, which sends SIGTERM
    learners = [gevent.spawn(generator.learn, code) for code in behaviours]
    reporter = gevent.spawn(_report, generator, reports, _prefer_this_process())
    _drive(environment, generator)
    generator.drain(DRAIN_ON_STOP if generator.stopping.is_set() else min(DRAIN_AT_END, timeout + 0.5))
    gevent.killall([*learners, reporter])
    reports.sendall(generator.report(last=True).encode())
    reports.close()


def _drive(environment: Environment, generator: Generator) -> None:
    """Let one user of Locust's runner drive all arrivals."""
    done = Event()

    class Driver(locust.User):
        @locust.task
        def drive(self) -> None:
            try:
                generator.drive()
            finally:
                done.set()
                gevent.sleep(3600)  # the runner would start the task again; it is ended with the runner

    environment.user_classes = [Driver]
    runner = environment.create_local_runner()
    runner.start(1, spawn_rate=1)
    done.wait()
    runner.quit()


def _report(generator: Generator, reports: socket.socket, preferred: bool) -> None:
    while True:
        gevent.sleep(REPORT_EVERY)
        report = generator.report()
        if preferred and report.cpu_share > TOO_BUSY_TO_BE_PREFERRED:
            preferred = False
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            report.notes.append(
                ("warning", "The generator is too busy to go on with real-time priority; it may lag from now on.")
            )
        reports.sendall(report.encode())


def _prefer_this_process() -> bool:
    """Let this process run as soon as it wants to, where that is allowed (root, CAP_SYS_NICE, RLIMIT_RTPRIO).

    A system under rehearsal on the same machine would otherwise delay the arrivals by tens of milliseconds whenever it
    is busy, which is when they count. It costs the system nothing but the CPU time that the generator needs anyway.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except (AttributeError, OSError):  # not on this system, or not allowed: lag is recorded either way
        return False
    return True


def load_behaviour(path: Path, name: str) -> Any:
    """The behaviour's class. Raises BadInput where its file cannot be imported."""
    spec = importlib.util.spec_from_file_location(f"behaviour_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BadInput(f"The behaviour {path} is no Python file; name one that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return getattr(module, name)
    except Exception as error:
        raise BadInput(f"The behaviour {path} cannot be imported: {type(error).__name__}: {error}.") from error


def _resolve_addresses_at_once(urls: Iterable[str]) -> None:
    """Where all services have numeric addresses there is nothing to look up: spare each connection a thread's turn."""
    try:
        for url in urls:
            ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return
    gevent.get_hub().resolver = BlockingResolver()


def _allow_open_files(in_flight: int) -> None:
    """Every open request has a socket; the usual soft limit of 1024 is below what a stalled system asks for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = in_flight + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _end_with(recorder: int) -> None:
    """Die with the recorder, also when it is killed: nobody would count what this process sends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != recorder:
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
