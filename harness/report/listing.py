"""The list of recorded runs, for people and for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from harness.run.folder import KnownRun

_STYLES = {"pass": "green", "fail": "red", "no_data": "yellow", "invalid": "magenta"}


def print_listing(runs: Sequence[KnownRun]) -> None:
    """A line per run."""
    if not runs:
        print("There is no run yet; start with: rehearse run rehearsals/smoke.yaml")
        return
    table = Table(box=None, header_style="dim")
    for name in ("run", "rehearsal", "result", "exit", "findings", "took"):
        table.add_column(name)
    for row in map(_row, runs):
        style = _STYLES.get(str(row["result"]), "dim")
        counts = ", ".join(f"{number} {result}" for result, number in row["findings"].items())
        took = "" if row["seconds"] is None else f"{row['seconds'] / 60:.1f} min"
        exit_code = "" if row["exit_code"] is None else str(row["exit_code"])
        table.add_row(row["run"], row["rehearsal"], f"[{style}]{row['result']}[/]", exit_code, counts, took)
    Console().print(table)


def as_json(runs: Sequence[KnownRun]) -> str:
    """One object per run."""
    return json.dumps([_row(run) for run in runs], indent=2)


def _row(run: KnownRun) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run": run.name, "rehearsal": "", "result": "not judged", "exit_code": None, "findings": {}, "seconds": None,
        "at": datetime.fromtimestamp(run.folder.stat().st_mtime, UTC).isoformat(),
    }  # fmt: skip
    if run.judged:
        verdict = _verdict(run.folder / "verdict.json")
        row |= {key: verdict.get(key, row[key]) for key in ("rehearsal", "result", "exit_code")}
        row["findings"] = dict(Counter(finding["result"] for finding in verdict.get("findings", [])))
        if verdict.get("started") is not None and verdict.get("ended") is not None:
            row["seconds"] = float(verdict["ended"]) - float(verdict["started"])
    return row


def _verdict(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found
