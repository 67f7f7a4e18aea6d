"""`python -m harness.observe RUN --target FILE`: observe until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

from pydantic import ValidationError

from harness.errors import BadInput, RehearseError
from harness.observe.gathering import gather
from harness.observe.samplings import asked
from harness.observe.supervisor import Supervisor
from harness.plan.model import Plan
from harness.record.reader import RecordReader
from harness.record.writer import RecordWriter
from harness.target.base import Target


def read_plan(run: Path) -> Plan:
    """The plan that the run's record carries. Raises BadInput where there is none."""
    with RecordReader(run) as record:
        body = record.meta("plan")
    if body is None:
        raise BadInput(f"The record in {run} has no plan; observers are started by `rehearse run`.")
    try:
        return Plan.model_validate(body)
    except ValidationError as error:
        raise BadInput(
            f"The plan in {run} cannot be read: {error.errors()[0]['msg']}; was it made by this version?"
        ) from None


def read_target(path: Path) -> Target:
    """The target file that the runner wrote. Raises BadInput."""
    try:
        return Target.read(path)
    except (OSError, ValidationError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is not a target file"
        raise BadInput(f"The target {path} cannot be read: {what}.") from None


def say_ready(missing: str) -> None:
    """One line for the runner, which waits for it."""
    sys.stdout.write(f"ready, without {missing}\n" if missing else "ready\n")
    sys.stdout.flush()


async def observe(run: Path, target: Target, ready_within: float) -> None:
    """Observe until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    samplings = asked(read_plan(run))
    with RecordWriter(run) as writer:
        await Supervisor(gather(), target, samplings, writer, time.time).run(stop, say_ready, ready_within)


def main() -> int:
    """Parse the arguments and observe. 0 when told to stop; else one sentence and the error's exit code."""
    parser = argparse.ArgumentParser(prog="python -m harness.observe", description="Observe a run until SIGTERM.")
    parser.add_argument("run", type=Path, help="The run's folder")
    parser.add_argument("--target", type=Path, required=True, help="The target file")
    parser.add_argument(
        "--ready-within", type=float, default=20.0, help="Seconds until `ready` is said whatever is missing"
    )
    options = parser.parse_args()
    try:
        asyncio.run(observe(options.run, read_target(options.target), options.ready_within))
    except RehearseError as error:
        sys.stderr.write(f"error: {error}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
