"""`rehearse plan`: the timeline, the promises with their deadlines, and what lapse does; nothing is touched."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.plan.reading import Render

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

    render = _renderer()
    plan = read_plan(file, lapse, render)
    if json:
        print(plan.model_dump_json(by_alias=True, indent=2))
        return
    from rich.console import Console

    from harness.plan.tables import tables

    console = Console(highlight=False)
    for part in tables(plan):
        console.print(part)
    if render is None and plan.system.chart and plan.lapse != 1:
        console.print("The constants of the chart's autoscalers are missing: helm is not there; `rehearse parts build`.")


def _renderer() -> Render | None:
    """Renders with the helm that is at hand; None where there is none, because a plan builds nothing."""
    from harness.stack.finding import find
    from harness.stack.parts import part
    from harness.stack.toolchain import candidates
    from harness.stage.chart import render

    helm = find(part("helm"), None, candidates())
    return None if helm is None else partial(render, helm)
