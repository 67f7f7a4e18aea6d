"""From wishes on the command line to a verdict: restore, stage, act, judge, report. The only place that wires all rooms."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

import harness
from harness.errors import Exit, Vetoed
from harness.faults.experiment import vetoes
from harness.judge.judge import judge
from harness.judge.verdict import Verdict
from harness.plan.model import Plan
from harness.plan.reading import read_plan
from harness.plan.rehearsal import load_rehearsal
from harness.record.rows import Meta
from harness.record.writer import RecordWriter
from harness.report.junit import write_junit
from harness.report.live import LiveView, PlainView, SilentView
from harness.report.page import write_report
from harness.report.steps import Steps
from harness.report.table import print_verdict
from harness.run.folder import new_run, runs_folder
from harness.run.runner import Interrupted, Runner, interruptible
from harness.safety import guard, preflight
from harness.safety.lease import Held, held, holder_of
from harness.safety.restore import restore
from harness.source import read_text
from harness.stack import cluster
from harness.target import embedded, kubeconfig
from harness.target.base import Target

HEALTHY_SECONDS = 45.0
_VERSIONS = ("locust", "chaostoolkit", "kubernetes", "pydantic")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user of `rehearse run` asked for."""

    file: Path
    target: str
    lapse: float | None
    name: str
    keep: bool
    json: bool
    junit: Path | None
    quiet: bool
    bin_dir: Path | None
    runs: Path | None


def run(wishes: Wishes) -> int:
    """Rehearse, and tell the user. Returns the exit code of the verdict.

    Raises BadInput, Unavailable, Vetoed and Inconclusive where the run never began to act.
    """
    console = Console(stderr=wishes.json, quiet=wishes.quiet, highlight=False)
    plan = read_plan(wishes.file, lapse=wishes.lapse)
    if too_far := vetoes(plan, guard.allowed()):
        raise Vetoed("\n".join(too_far))
    with interruptible():
        try:
            folder, verdict = _rehearse(plan, wishes, console)
        except Interrupted:
            print("interrupted before the rehearsal began to act; nothing is left running", file=sys.stderr)
            return Exit.INTERRUPTED
        report = write_report(folder, verdict)
    if wishes.junit is not None:
        write_junit(verdict, wishes.junit)
    if wishes.json:
        print(verdict.to_json(), end="")
    print_verdict(verdict, Console(stderr=wishes.json, highlight=False))
    print(f"report  {report}", file=sys.stderr if wishes.json else sys.stdout)
    return int(verdict.exit_code)


def _rehearse(plan: Plan, wishes: Wishes, console: Console) -> tuple[Path, Verdict]:
    folder = new_run(runs_folder(wishes.runs), plan.rehearsal, datetime.now(UTC))
    console.print(f"[bold]{plan.rehearsal}[/]: {len(plan.expectations)} expectations of {plan.runbook}, record in {folder}")
    _describe(folder, plan)
    try:
        with _staged(plan, wishes, console, folder.name) as (target, held):
            _remember(
                folder, Meta("target", {"name": target.name, "embedded": target.embedded, "namespace": target.namespace})
            )
            with _view(plan, folder, console) as view:
                Runner(plan, target, folder, view, held).act()
    except BaseException as error:
        _remember(
            folder,
            Meta("outcome", {"result": "not begun", "reason": str(error) or type(error).__name__, "at": time.time()}),
        )
        raise
    verdict = judge(folder)
    verdict.write(folder)
    return folder, verdict


@contextmanager
def _staged(plan: Plan, wishes: Wishes, console: Console, run: str) -> Iterator[tuple[Target, Held]]:
    """The target, ours alone, with a healthy system on it; a cluster that was started for this run ends after it."""
    holder = holder_of(run)
    if wishes.target != "embedded":
        target = kubeconfig.connect(plan, kubeconfig.target_named(load_rehearsal(wishes.file), wishes.target))
        guard.check_target(target)
        with held(target, holder) as lease:
            _restore(target, console)
            preflight.clear(target)
            yield target, lease
        return
    started = False
    try:
        with Steps(console) as steps:
            state, started = embedded.bring_up(plan, wishes.name, wishes.keep, wishes.bin_dir, steps)
        bare = embedded.address(plan, state)
        with held(bare, holder) as lease:
            _restore(bare, console)
            with Steps(console) as steps:
                target = embedded.stage(plan, state, bare, wishes.bin_dir, steps, steps.say)
                steps.moved("stage", "a healthy system", "autoscalers have metrics, no alert fires")
                preflight.clear(target, within_seconds=HEALTHY_SECONDS)
            yield target, lease
    finally:
        if started and not wishes.keep:
            with console.status("ending the embedded cluster"):
                cluster.down(wishes.name)


def _restore(target: Target, console: Console) -> None:
    for sentence in restore(target.name):
        console.print(f"  left by an earlier run: {sentence}")


def _view(plan: Plan, folder: Path, console: Console) -> LiveView | PlainView:
    if console.quiet:
        return SilentView(plan, folder, console)
    return LiveView(plan, folder, console) if console.is_terminal else PlainView(plan, folder, console)


def _describe(folder: Path, plan: Plan) -> None:
    _remember(
        folder,
        Meta("plan", plan.model_dump(mode="json", by_alias=True)),
        Meta("runbook", {"path": plan.runbook, "text": read_text(Path(plan.runbook.partition("#")[0]))}),
        Meta("versions", {"generalprobe": harness.__version__} | {name: version(name) for name in _VERSIONS}),
        Meta("host", {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}),
    )


def _remember(folder: Path, *facts: Meta) -> None:
    with RecordWriter(folder) as record:
        record.add_all(facts)
