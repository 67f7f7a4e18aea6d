"""Whole rehearsals on one embedded cluster, started by the command as a user starts it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadInput
from harness.judge.verdict import Verdict
from harness.record.reader import RecordReader
from harness.record.rows import FOREIGN_CORES
from harness.stack import cluster

ROOT = Path(__file__).parents[2]
Doctor = Callable[[Path, Callable[[dict[str, Any]], None]], Path]
"""Gives a copy of a run's record whose plan was changed: what would the judge have said?"""


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished `rehearse run`: its exit code, what it said, its verdict and folder where it reached one."""

    code: int
    said: str
    verdict: Verdict | None
    folder: Path

    def results(self, expectation: str) -> list[str]:
        """The results of one expectation's findings, as words."""
        assert self.verdict is not None, self.said
        return [finding.result.value for finding in self.verdict.findings if finding.id == expectation]

    def observed(self, expectation: str) -> str:
        """What was observed and why, of all findings of an expectation."""
        assert self.verdict is not None, self.said
        found = [one for one in self.verdict.findings if one.id == expectation]
        return "\n".join(f"{one.wanted} | {one.observed} | {one.reason}" for one in found)


class Rehearsing:
    """Runs `rehearse` against the cluster of these tests."""

    def __init__(self, name: str, runs: Path) -> None:
        self.name = name
        self.runs = runs
        self.last: subprocess.Popen[str] | None = None

    def start(self, rehearsal: Path) -> subprocess.Popen[str]:
        """`rehearse run REHEARSAL` in the background."""
        command = [sys.executable, "-m", "harness.cli.main", "run", str(rehearsal), "--json", "--keep", "--name", self.name]
        self.last = subprocess.Popen(
            [*command, "--runs", str(self.runs)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        return self.last

    def end(self) -> None:
        """End the rehearsal that a failed test left running."""
        if self.last is not None and self.last.poll() is None:
            self.last.terminate()
            self.last.communicate(timeout=180)

    def run(self, rehearsal: Path, meanwhile: Callable[[Path], None] | None = None) -> Ran:
        """Run to the end; `meanwhile` gets the run's folder as soon as there is one."""
        before = set(self.runs.glob("*"))
        process = self.start(rehearsal)
        try:
            if meanwhile is not None:
                meanwhile(self.new_folder(before))
            out, err = process.communicate(timeout=420)
        finally:
            process.kill()
        folder = max(set(self.runs.glob("*")) - before, default=self.runs)
        verdict = Verdict.model_validate_json(out) if out.startswith("{") else None
        return Ran(process.returncode, err, verdict, folder)

    def new_folder(self, before: set[Path]) -> Path:
        """The run's folder, once there is one."""
        return eventually(lambda: next(iter(set(self.runs.glob("*")) - before), None), 180, "a run's folder")

    def rehearse(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Any other command."""
        command = [sys.executable, "-m", "harness.cli.main", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def eventually(look: Callable[[], Any], seconds: float, what: str) -> Any:
    """What `look` returns, once it is something. Fails naming `what` where it does not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    pytest.fail(f"{what} did not come within {seconds:g} s")


def record_of(run: Path) -> RecordReader | None:
    """The record of a run that has just begun, once it can be read."""
    try:
        return RecordReader(run)
    except BadInput:
        return None


def children_named(word: str) -> list[int]:
    """Processes of this machine whose command line holds `word`: never killed by it, only looked for."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if word in (entry / "cmdline").read_text().replace("\0", " "):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


@pytest.fixture(scope="session")
def rehearsing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsing]:
    """One cluster for all tests of one process, left up between them and ended after the last."""
    if shutil.which("java") is None:
        pytest.skip("there is no java: the reference CRM cannot run")
    if not (ROOT / "crm" / "app" / "target" / "crm-runner.jar").is_file():
        pytest.skip("the reference CRM is not built: run `make crm`")
    # Tests that share the machine do not share a cluster.
    name = "-".join(filter(None, ("embedded-tests", os.environ.get("PYTEST_XDIST_WORKER"))))
    yield Rehearsing(name, tmp_path_factory.mktemp("runs"))
    cluster.down(name)


@pytest.fixture(autouse=True)
def none_goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves a rehearsal running for the next."""
    yield
    if "rehearsing" in request.fixturenames:
        request.getfixturevalue("rehearsing").end()


@pytest.fixture(scope="session")
def smoke(rehearsing: Rehearsing) -> Ran:
    """The shipped smoke rehearsal, run once."""
    return rehearsing.run(ROOT / "rehearsals" / "smoke.yaml")


@pytest.fixture
def doctored(tmp_path: Path) -> Doctor:
    """Copies of records with changed plans."""

    def doctor(run: Path, change: Callable[[dict[str, Any]], None]) -> Path:
        from harness.record.rows import Meta
        from harness.record.writer import RecordWriter

        copy = tmp_path / "run"
        copy.mkdir()
        for file in run.glob("record.sqlite*"):
            shutil.copy(file, copy)
        with RecordReader(copy) as record:
            plan = json.loads(json.dumps(record.meta("plan")))
        change(plan)
        with RecordWriter(copy) as record:
            record.add(Meta("plan", plan))
        with closing(sqlite3.connect(copy / "record.sqlite", isolation_level=None)) as database:
            # Whether the machine was busy with something else is not the matter here.
            database.execute("DELETE FROM samples WHERE name = ?", (FOREIGN_CORES,))
        return copy

    return doctor
