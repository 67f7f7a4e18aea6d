"""`rehearse schema`: JSON Schema of what people write, for their editors."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

HELP = (
    "Print the JSON Schema of a rehearsal file, or of a runbook's `yaml expect` blocks: editors complete and check by it."
)
EPILOG = """Example: [bold]rehearse schema rehearsal > rehearsal.schema.json[/], then begin a file with
[bold]# yaml-language-server: $schema=rehearsal.schema.json[/]"""


class What(StrEnum):
    """What a person writes."""

    RUNBOOK = "runbook"
    REHEARSAL = "rehearsal"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schema", help=HELP, epilog=EPILOG)(show)


def show(
    what: Annotated[What, typer.Argument(help="Which schema: runbook (an expect block) or rehearsal (a file).")],
) -> None:
    """Print the schema of WHAT."""
    from harness.expectations.registry import kinds
    from harness.plan.schema import as_text, rehearsal_schema
    from harness.runbook.schema import runbook_schema

    print(as_text(rehearsal_schema() if what is What.REHEARSAL else runbook_schema(kinds())), end="")
