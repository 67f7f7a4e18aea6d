"""`rehearse plan`: the timeline, the promises with their deadlines, and what lapse does; nothing is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = """Show what a rehearsal would do and check, with every time already scaled. Changes nothing.

Reads the rehearsal, its runbook, profile, rules and experiments, and says everything that is wrong with them at once.
"""
EPILOG = """Examples: [bold]rehearse plan rehearsals/oktoberfest.yaml[/] ·
[bold]rehearse plan rehearsals/smoke.yaml --lapse 1[/] ·
[bold]rehearse plan rehearsals/smoke.yaml --json | jq .moments[/]"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan", help=HELP, epilog=EPILOG)(show)


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The rehearsal, e.g. rehearsals/oktoberfest.yaml.")],
    lapse: Annotated[
        float | None, typer.Option("--lapse", min=1, max=60, help="So many minutes pass in one, instead of the file's.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON, as the record keeps it.")] = False,
) -> None:
    """Print the plan of FILE."""
    from harness.plan.reading import read_plan

    plan = read_plan(file, lapse)
    if json:
        print(plan.model_dump_json(by_alias=True, indent=2))
        return
    from rich.console import Console

    from harness.plan.tables import tables

    console = Console(highlight=False)
    for part in tables(plan):
        console.print(part)
