"""Runs as folders: where they lie, how they are named, and which one `latest` means."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import BadInput, Unavailable
from harness.record.rows import FILE_NAME

RUNS_VARIABLE = "REHEARSE_RUNS"


def runs_folder(given: Path | None = None) -> Path:
    """The folder of all runs: as given, else $REHEARSE_RUNS, else ./runs."""
    return given or Path(os.environ.get(RUNS_VARIABLE) or "runs")


def new_run(runs: Path, rehearsal: str, at: datetime) -> Path:
    """Make the folder of a new run. Raises Unavailable where it cannot be made."""
    stamp = at.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    run = runs / f"{stamp}-{rehearsal}"
    number = 2
    while run.exists():
        run = runs / f"{stamp}-{rehearsal}-{number}"
        number += 1
    try:
        (run / "logs").mkdir(parents=True)
    except OSError as error:
        raise Unavailable(f"{run} cannot be made: {error.strerror}; choose another folder with --runs.") from None
    return run


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that lies in the folder: its name, and whether a verdict was reached."""

    folder: Path
    judged: bool

    @property
    def name(self) -> str:
        """The folder's name, which commands take as RUN."""
        return self.folder.name


def known_runs(runs: Path) -> list[KnownRun]:
    """Every recorded run, oldest first."""
    folders = sorted(path for path in runs.glob("*") if (path / FILE_NAME).is_file()) if runs.is_dir() else []
    return [KnownRun(folder, (folder / "verdict.json").is_file()) for folder in folders]


def find_run(runs: Path, name: str) -> Path:
    """`latest`, a name below `runs`, or a path -> the run's folder. Raises BadInput naming what there is."""
    if (Path(name) / FILE_NAME).is_file():
        return Path(name)
    known = known_runs(runs)
    if name == "latest" and known:
        return known[-1].folder
    for run in known:
        if run.name == name:
            return run.folder
    there = f"; there are {', '.join(run.name for run in known[-3:])}" if known else f"; {runs} holds no run yet"
    raise BadInput(f"There is no run '{name}'{there}.")
