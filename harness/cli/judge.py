"""`rehearse judge RUN`: the verdict again, from the record alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def judge(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, its name, or 'latest'.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON (its schema is versioned).")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file.")] = None,
    runs: Annotated[Path | None, typer.Option("--runs", help="Where runs lie. [default: ./runs]")] = None,
) -> int:
    """Judge a recorded run again: same record, same verdict. Ends with the exit code of the verdict."""
    from rich.console import Console

    from harness.judge.judge import judge as judge_run
    from harness.report.junit import write_junit
    from harness.report.table import print_verdict
    from harness.run.folder import find_run, runs_folder

    folder = find_run(runs_folder(runs), run)
    verdict = judge_run(folder)
    if junit is not None:
        write_junit(verdict, junit)
    if as_json:
        print(verdict.to_json(), end="")
    else:
        print_verdict(verdict, Console())
    return int(verdict.exit_code)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("judge")(judge)
