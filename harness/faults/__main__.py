"""`python -m harness.faults RUN FAULT_ID --target FILE`: one planned fault of a run, in a process of its own."""

from __future__ import annotations

import argparse
import os
import sys
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from harness.errors import BadInput, RehearseError
from harness.faults.stop import Stop
from harness.plan.model import Plan
from harness.record.reader import RecordReader
from harness.target.base import Target


def main(arguments: list[str] | None = None) -> int:
    """Run one fault. Exit codes: harness.errors.Exit."""
    parser = argparse.ArgumentParser(prog="python -m harness.faults", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument("fault", metavar="FAULT_ID", help="the id of a fault of its plan")
    parser.add_argument("--target", type=Path, required=True, metavar="FILE", help="the target's file")
    given = parser.parse_args(arguments)
    # Before the slow imports: a signal during them is remembered, not fatal.
    stop = Stop()
    stop.install()
    try:
        return _main(given.run, given.fault, given.target, stop)
    except RehearseError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    finally:
        stop.ignore()


def _main(run: Path, fault: str, target_file: Path, stop: Stop) -> int:
    with RecordReader(run) as record:
        plan_json, t0 = record.meta("plan"), record.meta("t0")
    if plan_json is None or t0 is None:
        raise BadInput(
            f"The record in {run} has no {'plan' if plan_json is None else 't0'} yet; the runner writes it first."
        )
    try:
        plan, target = Plan.model_validate(plan_json), Target.read(target_file)
    except (OSError, ValidationError) as error:
        raise BadInput(f"The plan or the target {target_file} cannot be read: {str(error).splitlines()[0]}.") from None
    planned = next((each for each in plan.faults if each.id == fault), None)
    if planned is None:
        near = get_close_matches(fault, [each.id for each in plan.faults], n=1)
        raise BadInput(f"The plan has no fault '{fault}'" + (f"; did you mean '{near[0]}'?" if near else "."))

    # Slow to import (chaoslib, kubernetes), and only wanted when the input is good.
    from harness.faults.experiment import environment, load  # noqa: PLC0415
    from harness.faults.process import carry_out  # noqa: PLC0415

    os.environ.update(environment(target, target_file, run.name))
    return int(carry_out(run, target, load(planned, Path(plan.path)), float(t0["at"]) + planned.start, stop))


if __name__ == "__main__":
    sys.exit(main())
