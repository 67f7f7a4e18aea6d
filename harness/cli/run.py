"""`rehearse run`, `rehearse report`, `rehearse runs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Runs = Annotated[Path | None, typer.Option("--runs", help="Folder of all runs. Default: $REHEARSE_RUNS, else ./runs.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "run",
        help="Run a rehearsal: stage, load, faults, observe, judge, report.",
        epilog="""
        Examples:\n\n
        [bold]rehearse run rehearsals/smoke.yaml[/] - on an embedded cluster made for it\n\n
        [bold]rehearse run rehearsals/oktoberfest.yaml --keep[/] - leave the cluster up to look around\n\n
        [bold]rehearse run rehearsals/oktoberfest.yaml --target staging --junit verdict.xml[/] - on your own cluster\n\n
        Exit codes: 0 pass, 1 failed, 2 bad input, 3 inconclusive, 4 stopped by a safety rule, 130 interrupted.
        """,
    )(run)
    app.command("report", help="Write the HTML report of a run again, from its record alone.")(report)
    app.command("runs", help="List the recorded runs and their verdicts.")(runs)


def run(
    file: Annotated[Path, typer.Argument(help="The rehearsal, e.g. rehearsals/smoke.yaml.")],
    target: Annotated[str, typer.Option(help="'embedded', or a name under `targets` of the rehearsal.")] = "embedded",
    lapse: Annotated[float | None, typer.Option(min=1, help="Time lapse instead of the rehearsal's own.")] = None,
    name: Annotated[str, typer.Option(help="Name of the embedded cluster; one that already runs is used.")] = "default",
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave an embedded cluster up that was started for this run.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the verdict as JSON on stdout, everything else on stderr.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Also write the verdict as JUnit XML.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
    bin_dir: Annotated[Path | None, typer.Option(help="Look for the parts' programs here first.")] = None,
    runs_folder: Runs = None,
) -> int:
    """Run one rehearsal and exit with its verdict."""
    from harness import session

    return session.run(
        session.Wishes(
            file=file, target=target, lapse=lapse, name=name, keep=keep, json=json, junit=junit, quiet=quiet,
            bin_dir=bin_dir, runs=runs_folder,
        )
    )  # fmt: skip


def report(
    run: Annotated[str, typer.Argument(help="A run's folder or name, or 'latest'.")] = "latest",
    junit: Annotated[Path | None, typer.Option(help="Also write the verdict as JUnit XML.")] = None,
    runs_folder: Runs = None,
) -> None:
    """Judge the record again, and draw it."""
    from harness.judge.judge import judge
    from harness.report.junit import write_junit
    from harness.report.page import write_report
    from harness.run.folder import find_run
    from harness.run.folder import runs_folder as folder_of_runs

    folder = find_run(folder_of_runs(runs_folder), run)
    verdict = judge(folder)
    if junit is not None:
        write_junit(verdict, junit)
    print(write_report(folder, verdict))


def runs(runs_folder: Runs = None, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Oldest first."""
    from harness.report.listing import as_json, print_listing
    from harness.run.folder import known_runs
    from harness.run.folder import runs_folder as folder_of_runs

    known = known_runs(folder_of_runs(runs_folder))
    if json:
        print(as_json(known))
    else:
        print_listing(known)
