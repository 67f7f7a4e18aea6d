"""`python -m harness.load RUN --target FILE`: send the load of the plan in RUN, and record what became of it."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from pathlib import Path

from harness.errors import BadInput, RehearseError, Unavailable
from harness.load.job import Limits, read_job
from harness.load.recorder import Recorder
from harness.record.writer import RecordWriter


def main(arguments: list[str] | None = None) -> int:
    """Exit codes as harness.errors.Exit: 0 done or stopped by SIGTERM, 2 bad input, 3 a worker died."""
    usual = Limits()
    parser = argparse.ArgumentParser(prog="python -m harness.load", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run; its record holds the plan and t0")
    parser.add_argument("--target", type=Path, required=True, help="target file, for the addresses of the services")
    parser.add_argument("--workers", type=int, default=1, help="processes that share the arrivals (default 1)")
    parser.add_argument(
        "--in-flight", type=int, default=usual.in_flight, help="open requests per worker above which none is started"
    )
    parser.add_argument(
        "--late", type=float, default=usual.late, help="seconds after which an arrival is not started any more"
    )
    options = parser.parse_args(arguments)
    try:
        if options.workers < 1 or options.in_flight < 1 or options.late <= 0:
            raise BadInput("--workers, --in-flight and --late have to be above 0.")
        job = read_job(options.run, options.target)
        with RecordWriter(options.run) as writer:
            limits = Limits(options.in_flight, options.late)
            return Recorder(job, options.run, options.target, limits, options.workers, writer).record()
    except BadInput as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except sqlite3.Error as error:
        failure = Unavailable(f"The record in {options.run} cannot be written: {error}; is the disk full?")
        print(f"error: {failure}", file=sys.stderr)  # noqa: T201
        return failure.exit_code
    except RehearseError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
